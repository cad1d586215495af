package socket

import "net"

// A claim is the right to a socket's path. There is no lock on Windows: a socket that nobody answers is nobody's.
type claim struct{}

// take claims a path without waiting. Who has it already is an *inUse.
func take(path string) (claim, error) {
	if err := ready(path); err != nil {
		return claim{}, err
	}
	conn, err := net.Dial("unix", path)
	if err != nil {
		return claim{}, nil
	}
	conn.Close()
	return claim{}, &inUse{path: path}
}

func (claim) release() {}

// sweep does nothing: without a lock it is not certain whose a socket is.
func sweep(string) {}
