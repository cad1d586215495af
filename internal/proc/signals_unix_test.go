//go:build unix

package proc_test

import (
	"os"
	"syscall"
)

var terminating = []os.Signal{syscall.SIGTERM}
