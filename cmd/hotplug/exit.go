package main

import (
	"context"
	"errors"
	"fmt"
)

// The exit codes; doc.go and the command's help say the same to those who use them.
const (
	exitOK          = 0   // it worked
	exitPlugin      = 1   // something is wrong with a plugin
	exitUsage       = 2   // the command line is wrong, the JSON of a call does not fit its message, or something would be written over
	exitHost        = 3   // the host could not be opened, none runs, nothing of what was named could be read, or a file not be written
	exitUnavailable = 4   // the plugin is not installed, could not start, does not answer this message, or not in time
	exitAnswer      = 5   // the plugin answered an error
	exitInterrupted = 130 // Ctrl-C or SIGTERM before it was done: 128 + SIGINT, as shells have it
)

const exitHelp = `Exit codes: 0 it worked; 1 something is wrong with a plugin; 2 the command line is wrong; 3 the host could not be
opened, or none runs; 4 the plugin is not available; 5 the plugin answered an error; 130 interrupted.`

// An exitError is why a command ended, and the exit code that says so.
type exitError struct {
	code int
	err  error
	hint string // what to do next, on a line of its own; may be empty
}

func (e *exitError) Error() string { return e.err.Error() }
func (e *exitError) Unwrap() error { return e.err }

// exitf returns an error with an exit code.
func exitf(code int, format string, args ...any) *exitError {
	return &exitError{code: code, err: fmt.Errorf(format, args...)}
}

// orInterrupted is an error with an exit code, or with that of an interruption if ctx says that there was one.
func orInterrupted(ctx context.Context, code int, err error) *exitError {
	if ctx.Err() != nil {
		return &exitError{code: exitInterrupted, err: fmt.Errorf("interrupted: %w", err)}
	}
	return &exitError{code: code, err: err}
}

// exitCode is the code for what a command returned. An error of no code of its own is cobra's, about the command line.
func exitCode(err error) int {
	if err == nil {
		return exitOK
	}
	if e, ok := errors.AsType[*exitError](err); ok {
		return e.code
	}
	return exitUsage
}
