//go:build linux

package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"syscall"

	"github.com/hashicorp/go-hclog"

	"github.com/go-hotplug/hotplug/host"
	"github.com/go-hotplug/hotplug/internal/lockfile"
)

// A locked host has a folder and a plugin of its own.
const (
	lockedDir = "locked"
	warden    = "warden"
)

// lockChanges are what becomes of a lock file: each refuses what the folder holds.
var lockChanges = []func(path string) error{
	os.Remove,
	func(path string) error { return os.WriteFile(path, []byte(`{"lock": 1, "plu`), 0o644) },
	func(path string) error { return os.WriteFile(path, []byte(`{"lock": 99, "plugins": []}`), 0o644) },
	func(path string) error { return os.WriteFile(path, []byte(`{"lock": 1, "plugins": []}`), 0o644) },
	func(path string) error { return errors.Join(os.Remove(path), syscall.Mkfifo(path, 0o644)) },
	func(string) error { return nil }, // it has the version before
}

// changeLock opens a host that is locked, gives it a new version and another lock file, then one that has that version, and closes it.
func (t *torture) changeLock(ctx context.Context, _ *host.Plugin) error {
	s := site{dir: filepath.Join(t.dir, lockedDir)}
	s.versions.Store(t.versions.Add(2) - 2)
	lock := lockfile.Lock{Folders: []string{s.plugins()}}
	if err := errors.Join(s.make(), s.install(warden, t.pluginProgram, s.manifest(warden, nil)), accept(ctx, lock)); err != nil {
		return err
	}
	h, err := host.Open(ctx, host.Config{Name: "locked", Dir: s.plugins(), StateDir: filepath.Join(s.dir, "state"), RuntimeDir: s.runtime(), Logger: hclog.NewNullLogger(), Locked: true})
	if err != nil {
		return err
	}
	p := h.Plugin(warden)
	err = p.Ready(ctx)
	runs := p.Status()
	if err == nil {
		err = errors.Join(s.install(warden, t.pluginProgram, s.manifest(warden, nil)), lockChanges[t.dice.IntN(len(lockChanges))](lock.Path()))
	}
	if err == nil {
		err = t.refused(ctx, p, runs)
	}
	if err == nil {
		err = errors.Join(accept(ctx, lock), p.Reload(ctx), t.answers(ctx, p))
	}
	if now := p.Status(); err == nil && now.Version == runs.Version {
		err = fmt.Errorf("%s goes on, though another version was locked", now.Version)
	}
	return errors.Join(err, h.Close())
}

// refused checks that a version which is not locked is not taken, and that what runs goes on.
func (t *torture) refused(ctx context.Context, p *host.Plugin, runs host.Status) error {
	if err := p.Reload(ctx); err == nil {
		return errors.New("a version that is not locked was taken")
	}
	if err := t.answers(ctx, p); err != nil {
		return err
	}
	if now := p.Status(); now.PID != runs.PID || now.Version != runs.Version {
		return fmt.Errorf("process %d, %s, answers, where %d, %s, did", now.PID, now.Version, runs.PID, runs.Version)
	}
	return nil
}

// accept locks what is installed.
func accept(ctx context.Context, l lockfile.Lock) error {
	f, left, err := l.Collect(ctx)
	for _, plugin := range left {
		err = errors.Join(err, plugin.Err)
	}
	if err != nil {
		return err
	}
	return l.Write(f)
}
