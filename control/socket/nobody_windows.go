package socket

import (
	"errors"
	"os"
	"syscall"
)

// refused is WSAECONNREFUSED.
const refused = syscall.Errno(10061)

// isNobody reports whether a socket was not there, or nobody listens on it.
func isNobody(err error) bool { return errors.Is(err, os.ErrNotExist) || errors.Is(err, refused) }
