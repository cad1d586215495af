//go:build unix

package socket

import (
	"errors"
	"os"
	"syscall"
)

// isNobody reports whether a socket was not there, or nobody listens on it.
func isNobody(err error) bool {
	return errors.Is(err, os.ErrNotExist) || errors.Is(err, syscall.ECONNREFUSED)
}
