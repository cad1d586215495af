package host

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
)

// stateLock is the file in the state folder that its host holds locked. It has the host's process id in it, for texts alone.
const stateLock = "host.lock"

var errLocked = errors.New("it is locked")

// lockState makes this host the only one of a state folder, until the file is closed or this process ends.
func lockState(dir string) (*os.File, error) {
	path := filepath.Join(dir, stateLock)
	f, err := lockFile(path)
	if errors.Is(err, errLocked) {
		return nil, fmt.Errorf("state folder %s is in use by another host%s: close that one, or give this one a folder of its own (host.Config.StateDir)", dir, holder(path))
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

// holder is who holds the lock, for a text.
func holder(path string) string {
	text, err := os.ReadFile(path)
	if pid := strings.TrimSpace(string(text)); err == nil && pid != "" {
		return ", process " + pid
	}
	return ""
}
