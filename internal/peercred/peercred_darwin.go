package peercred

import (
	"fmt"
	"net"

	"golang.org/x/sys/unix"
)

// Of gives the user and process id of the peer. ok is false, without an error, where the system cannot
// tell. It may be called concurrently with any use of the connection.
func Of(conn *net.UnixConn) (uid, pid int, ok bool, err error) {
	raw, err := conn.SyscallConn()
	if err != nil {
		return 0, 0, false, fmt.Errorf("ask who the socket's peer is: %w", err)
	}
	var cred *unix.Xucred
	var serr error
	err = raw.Control(func(fd uintptr) {
		if cred, serr = unix.GetsockoptXucred(int(fd), unix.SOL_LOCAL, unix.LOCAL_PEERCRED); serr != nil {
			return
		}
		pid, serr = unix.GetsockoptInt(int(fd), unix.SOL_LOCAL, unix.LOCAL_PEERPID)
	})
	if err == nil {
		err = serr
	}
	if err != nil {
		return 0, 0, false, fmt.Errorf("ask who the socket's peer is (LOCAL_PEERCRED): %w", err)
	}
	return int(cred.Uid), pid, true, nil
}
