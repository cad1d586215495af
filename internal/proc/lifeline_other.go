//go:build unix && !linux

package proc

import "os"

// armLifeline does nothing here: F_SETSIG is Linux's. The process watches for the end of file itself.
func armLifeline(*os.File, int) error { return nil }

// closedFirst matters only where the kernel acts on the lifeline.
func closedFirst(w *os.File) *os.File { return w }
