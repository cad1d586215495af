//go:build linux

package e2e_test

import (
	"errors"
	"os"
	"path/filepath"
	"testing"

	"golang.org/x/sys/unix"

	"github.com/go-hotplug/hotplug/host"
)

// maps opens a mapping of a copy's data, as the plugin may do whose copy it is, and dirties it: what is written to it from now on moves no time of the file.
func (r *lockedRun) maps() []byte {
	r.t.Helper()
	path := filepath.Join(r.copied, "data")
	mustDo(r.t, os.Chmod(path, 0o600))
	f, err := os.OpenFile(path, os.O_RDWR, 0)
	mustDo(r.t, err)
	page, err := unix.Mmap(int(f.Fd()), 0, 3, unix.PROT_READ|unix.PROT_WRITE, unix.MAP_SHARED)
	mustDo(r.t, errors.Join(err, f.Close()))
	r.t.Cleanup(func() { _ = unix.Munmap(page) })
	page[0] = 'o'
	mustDo(r.t, os.Chmod(path, 0o400))
	return page
}

// TestALockedHostRunsNoCopyThatWasAlteredThroughAMapping: the times of such a file say nothing, so it is read before each start.
func TestALockedHostRunsNoCopyThatWasAlteredThroughAMapping(t *testing.T) {
	sh := newShell(t)
	for when, again := range map[string]func(r *lockedRun, alter func()){
		"started after a crash": func(r *lockedRun, alter func()) {
			r.dies()
			alter()
			isIn(r.t, r.p, host.Ready)
		},
		"started by the next host": func(r *lockedRun, alter func()) {
			mustDo(r.t, r.h.Close())
			alter()
			r.open()
		},
	} {
		t.Run(when, func(t *testing.T) {
			r := runLocked(t, sh)
			page := r.maps()
			r.dies() // and a second later the host reads what it starts, and may remember it
			isIn(t, r.p, host.Ready)
			again(r, func() { copy(page, "ONE") })
			r.runs()
			if text, err := os.ReadFile(filepath.Join(r.copied, "data")); err != nil || string(text) != "one" {
				t.Errorf("what runs has %q beside it, %v; \"one\" was accepted", text, err)
			}
		})
	}
}
