package host

import (
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/go-hotplug/hotplug/internal/lifecycle"
	"github.com/go-hotplug/hotplug/internal/proc"
	"github.com/go-hotplug/hotplug/internal/regular"
	"github.com/go-hotplug/hotplug/internal/store"
	"github.com/go-hotplug/hotplug/internal/wire"
)

// A record is what a host must know of a process that an earlier one has started and left. It holds the secrets of the connection.
type record struct {
	Plugin     string        `json:"plugin"`
	Version    string        `json:"version"`
	Generation int           `json:"generation"`
	Process    proc.Identity `json:"process"`            // zero before there is one
	Serving    bool          `json:"serving"`            // it is who answers calls; of several the highest generation counts
	Released   bool          `json:"released,omitempty"` // it was about to give up what only one process can have, and has not taken it again
	Startup    wire.Startup  `json:"startup"`
	Copy       *store.Copy   `json:"copy,omitempty"`
	Dir        string        `json:"dir,omitempty"`
	Args       []string      `json:"args,omitempty"`
	Print      string        `json:"print"` // of what makes it different from other processes, but the host's environment

	base string // path of its files, without their endings
}

const (
	recordEnding = ".json"
	freshEnding  = ".new" // of a record that is being written
)

// save writes the record in place of the one before. With sync it is on the disk when save returns.
func (r *record) save(sync bool) error {
	text, err := json.Marshal(r)
	if err != nil {
		return err
	}
	f, err := regular.Open(r.base+freshEnding, os.O_CREATE|os.O_WRONLY|os.O_TRUNC, 0o600)
	if err != nil {
		return err
	}
	_, err = f.Write(append(text, '\n'))
	if err == nil && sync {
		err = f.Sync()
	}
	if err = errors.Join(err, f.Close()); err != nil {
		return err
	}
	if err := os.Rename(r.base+freshEnding, r.base+recordEnding); err != nil || !sync {
		return err
	}
	return syncDir(filepath.Dir(r.base))
}

// syncDir puts a folder's names on the disk, where the system has that.
func syncDir(dir string) error {
	d, err := os.Open(dir)
	if err != nil {
		return err
	}
	defer d.Close()
	_ = d.Sync() // not everywhere can a folder be synced
	return nil
}

// remove leaves nothing of a process that is gone: the record goes last, so that what is interrupted is done again.
func (r *record) remove() {
	os.Remove(r.Startup.Socket)
	removeFiles(r.base)
}

// readRecords reads what earlier hosts have left, by plugin, and removes files that belong to no record. unread is told of records that nobody can make
// use of: their processes end by themselves.
func readRecords(dir string, unread func(path string, err error)) map[string][]*record {
	found := map[string][]*record{}
	names, _ := os.ReadDir(dir)
	known := map[string]bool{}
	for _, n := range names {
		base, isRecord := strings.CutSuffix(filepath.Join(dir, n.Name()), recordEnding)
		if !isRecord {
			continue
		}
		r, err := readRecord(base)
		if err != nil {
			unread(base+recordEnding, err)
			continue
		}
		known[base] = true
		found[r.Plugin] = append(found[r.Plugin], r)
	}
	for _, n := range names {
		if base := strings.TrimSuffix(filepath.Join(dir, n.Name()), filepath.Ext(n.Name())); !known[base] {
			os.Remove(filepath.Join(dir, n.Name()))
		}
	}
	for _, all := range found {
		slices.SortFunc(all, func(a, b *record) int { return b.rank() - a.rank() })
	}
	return found
}

// maxRecord bounds what is read of a record, in bytes: its arguments are those of a manifest, quoted.
const maxRecord = 16 << 20

// readRecord reads a record. What a later version has written into it besides does not count.
func readRecord(base string) (*record, error) {
	text, err := regular.Read(base+recordEnding, maxRecord)
	if err != nil {
		return nil, err
	}
	r := &record{base: base}
	if err := json.Unmarshal(text, r); err != nil {
		return nil, err
	}
	if r.Plugin == "" {
		return nil, errors.New("it names no plugin")
	}
	return r, nil
}

// rank is highest for the process to go on with.
func (r *record) rank() int {
	if r.Serving {
		return r.Generation + 1<<30
	}
	return r.Generation
}

// note makes the record of a process that is about to be started.
func (i *instance) note() error {
	if i.kept == nil {
		return nil
	}
	i.kept.record = &record{
		base: i.kept.base, Plugin: i.spec.name, Version: i.spec.version, Generation: i.worker.Generation, Startup: i.startup, Copy: i.copied,
		Dir: i.spec.dir, Args: i.spec.args, Print: i.spec.lasting(i.copied),
	}
	if err := i.kept.record.save(true); err != nil {
		return fmt.Errorf("record of a kept instance: %w: see to it that this user can write in the state folder, or set host.Config.StateDir to another", err)
	}
	return nil
}

// noteStarted completes it.
func (i *instance) noteStarted() {
	if i.kept != nil {
		i.kept.record.Process = i.proc.Identity()
		i.resave()
	}
}

// noteServing says whether this is who answers calls.
func (i *instance) noteServing(serving bool) {
	if i.kept != nil && i.kept.record.Serving != serving {
		i.kept.record.Serving = serving
		i.resave()
	}
}

// noteReleased says whether a later host has to have it resume.
func (i *instance) noteReleased(released bool) {
	if i.kept != nil && i.kept.record.Released != released && i.feature(lifecycle.FeatureRelease) {
		i.kept.record.Released = released
		i.resave()
	}
}

func (i *instance) resave() {
	if err := i.kept.record.save(false); err != nil {
		i.log.Warn("the record of a kept instance could not be written: a later host will not find it", "error", err)
	}
}

// unread says that a record is of no use.
func (e *environment) unread(path string, err error) {
	e.log().Warn("the record of a kept instance cannot be read: its process is not attached, and ends by itself after disconnect.timeout", "file", path, "error", err)
}

// kept says which copies in the store are run by processes that outlive this host.
func (e *environment) kept() func(hash string) bool {
	hashes := map[string]bool{}
	for _, all := range readRecords(e.instances, e.unread) {
		for _, r := range all {
			if r.Copy != nil {
				hashes[r.Copy.Hash] = true
			}
		}
	}
	return func(hash string) bool { return hashes[hash] }
}
