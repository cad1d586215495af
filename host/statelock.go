package host

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"strings"

	"github.com/go-hotplug/hotplug/internal/regular"
)

// stateLock is the file in the state folder that its host holds locked. It has the host's process id in it, for texts alone.
const stateLock = "host.lock"

var errLocked = errors.New("it is locked")

// A StateInUseError is an error of Open: another host has the state folder.
type StateInUseError struct {
	Dir string // the state folder
	PID int    // the process of that host; 0 if it did not write it down
}

func (e *StateInUseError) Error() string {
	holder := ""
	if e.PID != 0 {
		holder = fmt.Sprintf(", process %d", e.PID)
	}
	return fmt.Sprintf("state folder %s is in use by another host%s: close that one, or give this one a folder of its own (host.Config.StateDir)", e.Dir, holder)
}

// lockState makes this host the only one of a state folder, until the file is closed or this process ends.
func lockState(dir string) (*os.File, error) {
	path := filepath.Join(dir, stateLock)
	f, err := lockFile(path)
	if errors.Is(err, errLocked) {
		return nil, &StateInUseError{Dir: dir, PID: holder(path)}
	}
	if kind, other := errors.AsType[*regular.KindError](err); other {
		return nil, fmt.Errorf("lock state folder %s: %w at %s: remove what is there", dir, kind, path)
	}
	if err != nil {
		return nil, fmt.Errorf("lock state folder %s: %w", dir, err)
	}
	if err = f.Truncate(0); err == nil {
		_, err = fmt.Fprintf(f, "%d\n", os.Getpid())
	}
	if err != nil {
		f.Close()
		return nil, fmt.Errorf("lock state folder %s: %w", dir, err)
	}
	return f, nil
}

// holder is the process that holds the lock, as far as its file says.
func holder(path string) int {
	text, err := regular.Read(path, 64)
	if err != nil {
		return 0
	}
	pid, _ := strconv.Atoi(strings.TrimSpace(string(text))) // 0 where none stands yet
	return pid
}
