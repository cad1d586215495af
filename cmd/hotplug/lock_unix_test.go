//go:build unix

package main

import (
	"path/filepath"
	"strings"
	"syscall"
	"testing"
)

func TestLockDoesNotWaitForAPipeInPlaceOfTheLockFile(t *testing.T) {
	s := newShelf(t).sample("counter")
	path := filepath.Join(s.dir, "plugins.lock")
	if err := syscall.Mkfifo(path, 0o600); err != nil {
		t.Fatal(err)
	}
	for _, args := range [][]string{{"lock", "--check", s.dir}, {"lock", s.dir}, {"run", "--locked", s.dir}} {
		if got := command(t, args...).exits(t, exitHost); !strings.Contains(got.err, "lock file "+path+": found a named pipe, want a regular file: ") {
			t.Errorf("%q: got %s", args, got)
		}
	}
}
