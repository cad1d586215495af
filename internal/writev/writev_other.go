//go:build unix && !linux

package writev

import "golang.org/x/sys/unix"

// Available says that Write takes no second piece.
const Available = false

// Write writes b.
func Write(fd int, b, _ []byte) (int, error) { return unix.Write(fd, b) }
