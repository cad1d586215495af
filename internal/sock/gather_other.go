//go:build unix && !linux

package sock

// Gathers says that Write takes no second piece.
const Gathers = false

// Write writes b, and returns how many bytes were written. Its errors are those of write(2): it does not wait, nor try again.
func Write(fd int, b, _ []byte) (int, error) { return write(fd, b) }
