//go:build !linux && !darwin

package peercred

import "net"

// Of gives the user and process id of the peer. ok is false, without an error, where the system cannot
// tell: here always.
func Of(*net.UnixConn) (uid, pid int, ok bool, err error) { return 0, 0, false, nil }
