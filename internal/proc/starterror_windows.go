package proc

import (
	"errors"
	"io/fs"
	"runtime"

	"golang.org/x/sys/windows"
)

// isBusy reports whether the file is open for writing somewhere.
func isBusy(err error) bool { return errors.Is(err, windows.ERROR_SHARING_VIOLATION) }

// explainStart turns the error of a start into a sentence that says what to do.
func explainStart(spec Spec, err error) error {
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return explainMissing(spec, err)
	case errors.Is(err, windows.ERROR_BAD_EXE_FORMAT):
		return explainFormat(spec, "windows/"+runtime.GOARCH, err)
	}
	return err
}

// explainShortage says which limit was met; Windows' own texts do.
func explainShortage(err error) error { return err }
