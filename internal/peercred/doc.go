// Package peercred says which user and process is at the other end of a Unix socket.
//
//	uid, pid, ok, err := peercred.Of(conn)
//	switch {
//	case err != nil:
//		return err
//	case ok && uid != 0 && uid != os.Getuid():
//		return fmt.Errorf("refused a connection from user %d (process %d)", uid, pid)
//	}
//
// The kernel answers, so the peer cannot lie. What it answers is who the peer was when the connection was
// made: for the side that dialled, the process that called listen; the process may be gone since, and its
// id may belong to another. Never signal a process on the strength of it.
//
// Linux and macOS answer; on other systems ok is false, and the caller has only its secrets to go by.
package peercred
