package sock

import "golang.org/x/sys/unix"

// Gathers says whether Write takes a second piece.
const Gathers = true

// Write writes b, and tail behind it, and returns how many bytes of both were written. Its errors are those of write(2): it does not wait, nor try again.
func Write(fd int, b, tail []byte) (int, error) {
	if len(tail) == 0 {
		return write(fd, b)
	}
	return unix.Writev(fd, [][]byte{b, tail})
}
