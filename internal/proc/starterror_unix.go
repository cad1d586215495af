//go:build unix

package proc

import (
	"errors"
	"fmt"
	"runtime"
	"syscall"
)

// isBusy reports whether the file is open for writing somewhere.
func isBusy(err error) bool { return errors.Is(err, syscall.ETXTBSY) }

// explainStart turns the error of an exec into a sentence that says what to do.
func explainStart(spec Spec, err error) error {
	platform := runtime.GOOS + "/" + runtime.GOARCH
	switch {
	case errors.Is(err, syscall.ENOENT), errors.Is(err, syscall.ENOTDIR):
		return explainMissing(spec, err)
	case errors.Is(err, syscall.ENOEXEC):
		return explainFormat(spec, platform, err)
	case errors.Is(err, syscall.EACCES), errors.Is(err, syscall.EPERM):
		return explainDenied(spec, err)
	case errors.Is(err, syscall.ETXTBSY):
		return fmt.Errorf("a writer still has the file open after %v: wait until it is written: %w", busyTries*busyDelay, err)
	case errors.Is(err, syscall.E2BIG):
		return fmt.Errorf("its arguments and environment are too long together: shorten env or args in the manifest: %w", err)
	}
	return explainShortage(err)
}

// explainShortage says which limit was met, for errors that come from one.
func explainShortage(err error) error {
	switch {
	case errors.Is(err, syscall.EAGAIN):
		return fmt.Errorf("the system refuses another process: this user's or container's process limit is met "+
			"(ulimit -u, pids.max): stop some, or raise it: %w", err)
	case errors.Is(err, syscall.ENOMEM):
		return fmt.Errorf("the system has no memory for another process: free some, or raise the memory limit: %w", err)
	case errors.Is(err, syscall.EMFILE), errors.Is(err, syscall.ENFILE):
		return fmt.Errorf("no descriptors are left: raise the limit of open files (ulimit -n) or run fewer plugins: %w", err)
	}
	return err
}
