//go:build unix

package host

import (
	"errors"
	"os"
	"syscall"

	"github.com/go-hotplug/hotplug/internal/regular"
)

// lockFile opens a file and takes its lock, without waiting.
func lockFile(path string) (*os.File, error) {
	f, err := regular.Open(path, os.O_CREATE|os.O_RDWR|syscall.O_NOFOLLOW, 0o600)
	if err != nil {
		return nil, err
	}
	err = syscall.Flock(int(f.Fd()), syscall.LOCK_EX|syscall.LOCK_NB)
	if err == nil {
		return f, nil
	}
	f.Close()
	if errors.Is(err, syscall.EWOULDBLOCK) {
		err = errLocked
	}
	return nil, err
}
