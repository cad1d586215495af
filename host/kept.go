package host

import (
	"fmt"
	"io"
	"os"
	"path/filepath"
	"time"

	"github.com/go-hotplug/hotplug/internal/lifecycle"
	"github.com/go-hotplug/hotplug/internal/proc"
	"github.com/go-hotplug/hotplug/internal/regular"
	"github.com/go-hotplug/hotplug/internal/wire"
	"github.com/go-hotplug/hotplug/manifest"
)

// keeps reports whether the process outlives its host.
func (s *spec) keeps() bool { return s.disconnect.Mode == manifest.DisconnectKeepAlive }

// disconnects is what the start-up line says of that.
func (s *spec) disconnects() wire.Disconnect {
	if !s.keeps() {
		return wire.Disconnect{Mode: lifecycle.Shutdown}
	}
	limit := time.Duration(s.disconnect.Timeout)
	return wire.Disconnect{Mode: lifecycle.KeepAlive, Timeout: int64((limit + time.Millisecond - 1) / time.Millisecond)}
}

// kept is what a process that outlives its host has in the state folder, all of it for this user alone.
type kept struct {
	base   string // path of its files, without their endings
	stdout *logFile
	stderr *logFile
	marks  *os.File
	record *record
}

// The endings of its files.
const (
	stdoutEnding = ".stdout"
	stderrEnding = ".stderr"
	marksEnding  = ".logged"
)

// instancesDir is the folder of what belongs to processes that outlive their host.
func instancesDir(state string) string { return filepath.Join(state, "instances") }

// newKept makes the files for a process of a plugin. id tells it from others of that plugin.
func newKept(dir, plugin, id string) (*kept, error) {
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return nil, fmt.Errorf("folder of kept instances: %w: set host.Config.StateDir to a folder that this user can write to", err)
	}
	k := &kept{base: filepath.Join(dir, plugin+"."+id)}
	if err := k.open(os.O_CREATE | os.O_EXCL); err != nil {
		k.remove()
		return nil, fmt.Errorf("log file of %s: %w", plugin, err)
	}
	return k, nil
}

func (k *kept) open(how int) (err error) {
	if k.marks, err = regular.Open(k.base+marksEnding, how|os.O_RDWR, 0o600); err != nil {
		return err
	}
	if k.stdout, err = k.openLog(stdoutEnding, how, 0); err != nil {
		return err
	}
	k.stderr, err = k.openLog(stderrEnding, how, 1)
	return err
}

func (k *kept) openLog(ending string, how int, index int64) (*logFile, error) {
	file, err := regular.Open(k.base+ending, how|os.O_RDWR|os.O_APPEND, 0o600)
	if err != nil {
		return nil, err
	}
	return &logFile{file: file, marks: k.marks, index: index, leave: make(chan struct{}), end: -1}, nil
}

// streams are what the process prints.
func (k *kept) streams(p proc.Process, log quietLogger) (stdout, stderr io.Reader) {
	if k == nil {
		return p.Stdout(), p.Stderr()
	}
	for _, f := range []*logFile{k.stdout, k.stderr} {
		f.ended, f.log = p.Done(), log
	}
	return k.stdout, k.stderr
}

// letGo ends following, once all that is there now is logged.
func (k *kept) letGo() {
	close(k.stdout.leave)
	close(k.stderr.leave)
}

func (k *kept) close() {
	for _, f := range []*logFile{k.stdout, k.stderr} {
		if f != nil {
			f.file.Close()
		}
	}
	if k.marks != nil {
		k.marks.Close()
	}
}

// remove leaves nothing of it.
func (k *kept) remove() {
	if k == nil {
		return
	}
	k.close()
	removeFiles(k.base)
}

// removeFiles removes the files of a process that is gone, the record last.
func removeFiles(base string) {
	for _, ending := range []string{stdoutEnding, stderrEnding, marksEnding, freshEnding, recordEnding} {
		os.Remove(base + ending)
	}
	os.Remove(filepath.Dir(base)) // if it was the last
}

// reopenKept opens the files of a process that an earlier host has left, to go on where that has ended.
func reopenKept(r *record) (*kept, error) {
	k := &kept{base: r.base, record: r}
	if err := k.open(os.O_CREATE); err != nil {
		k.close()
		return nil, fmt.Errorf("log file of %s: %w", r.Plugin, err)
	}
	k.stdout.resume()
	k.stderr.resume()
	return k, nil
}
