package host

import (
	"errors"
	"os"

	"golang.org/x/sys/windows"

	"github.com/go-hotplug/hotplug/internal/regular"
)

// lockFile opens a file and takes its lock, without waiting: of a byte far behind its end, so that others can read who holds it.
func lockFile(path string) (*os.File, error) {
	f, err := regular.Open(path, os.O_CREATE|os.O_RDWR, 0o600)
	if err != nil {
		return nil, err
	}
	far := &windows.Overlapped{OffsetHigh: 1}
	err = windows.LockFileEx(windows.Handle(f.Fd()), windows.LOCKFILE_EXCLUSIVE_LOCK|windows.LOCKFILE_FAIL_IMMEDIATELY, 0, 1, 0, far)
	if err == nil {
		return f, nil
	}
	f.Close()
	if errors.Is(err, windows.ERROR_LOCK_VIOLATION) {
		err = errLocked
	}
	return nil, err
}
