//go:build unix

package proc

import (
	"os"
	"strconv"
	"sync"
	"syscall"
)

// keepInherited marks the descriptors that this host itself inherited as close-on-exec, once. What Go opens
// is marked already; what a shell, a service manager or a supervisor left open in the host is not, and a
// plugin would get it: say, the host's own listening socket.
var keepInherited = sync.OnceFunc(func() {
	entries, err := os.ReadDir("/dev/fd")
	if err != nil {
		return // no such folder here: nothing to go by
	}
	for _, e := range entries {
		if fd, err := strconv.Atoi(e.Name()); err == nil && fd > 2 {
			syscall.CloseOnExec(fd)
		}
	}
})
