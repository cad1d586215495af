//go:build unix

package socket

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"

	"github.com/go-hotplug/hotplug/internal/regular"
)

// lockSuffix ends the name of the file that is locked while a socket is somebody's. The lock ends with the process, however it ends.
const lockSuffix = ".lock"

// A claim is the right to a socket's path: whoever holds it may remove what is there.
type claim struct{ lock *os.File }

// take claims a path without waiting. Who has it already is an *inUse.
func take(path string) (claim, error) {
	for {
		if err := ready(path); err != nil { // the folder goes with the last socket in it
			return claim{}, err
		}
		f, err := lockFile(path+lockSuffix, os.O_CREATE|os.O_RDWR)
		switch {
		case errors.Is(err, os.ErrNotExist) || errors.Is(err, errReplaced):
			continue
		case errors.Is(err, syscall.EWOULDBLOCK):
			return claim{}, &inUse{path: path, pid: ownerIn(path + lockSuffix)}
		}
		if kind, other := errors.AsType[*regular.KindError](err); other {
			return claim{}, fmt.Errorf("control socket %s: %w at %s: remove what is there", path, kind, path+lockSuffix)
		}
		if err != nil {
			return claim{}, err
		}
		_, err = f.WriteAt([]byte(strconv.Itoa(os.Getpid())+"\n"), 0)
		if err != nil {
			f.Close()
			return claim{}, err
		}
		return claim{f}, nil
	}
}

var errReplaced = errors.New("the lock was removed by who had it")

// lockFile opens and locks a file, which is still the one of that name then.
func lockFile(name string, flags int) (*os.File, error) {
	f, err := regular.Open(name, flags|syscall.O_NOFOLLOW, 0o600)
	if err != nil {
		return nil, err
	}
	err = syscall.Flock(int(f.Fd()), syscall.LOCK_EX|syscall.LOCK_NB)
	if err == nil && !isStill(f, name) {
		err = errReplaced
	}
	if err != nil {
		f.Close()
		return nil, err
	}
	return f, nil
}

func isStill(f *os.File, name string) bool {
	opened, err1 := f.Stat()
	there, err2 := os.Lstat(name)
	return err1 == nil && err2 == nil && os.SameFile(opened, there)
}

// ownerIn is the process that wrote its id into a lock; 0 if it has not yet.
func ownerIn(name string) int {
	text, _ := regular.Read(name, 64)
	pid, _ := strconv.Atoi(strings.TrimSpace(string(text)))
	return pid
}

// release gives a path up, and removes the folder if nothing else is in it.
func (c claim) release() {
	os.Remove(c.lock.Name())
	os.Remove(filepath.Dir(c.lock.Name()))
	c.lock.Close()
}

// sweep removes the sockets that killed hosts left in a folder.
func sweep(folder string) {
	locks, _ := filepath.Glob(filepath.Join(folder, "*"+lockSuffix))
	for _, name := range locks {
		f, err := lockFile(name, os.O_RDWR)
		if err != nil {
			continue // its host lives
		}
		os.Remove(strings.TrimSuffix(name, lockSuffix))
		os.Remove(name)
		f.Close()
	}
}
