package writev

import "golang.org/x/sys/unix"

// Available says whether Write takes a second piece.
const Available = true

// Write writes b, and tail behind it, and returns how many bytes of both were written. Its errors are those of write(2).
func Write(fd int, b, tail []byte) (int, error) {
	if len(tail) == 0 {
		return unix.Write(fd, b)
	}
	return unix.Writev(fd, [][]byte{b, tail})
}
