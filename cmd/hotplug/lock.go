package main

import (
	"bytes"
	"context"
	"errors"
	"io/fs"
	"slices"
	"strings"

	"github.com/spf13/cobra"

	"github.com/go-hotplug/hotplug/internal/lockfile"
)

// A locking is what lock prints as JSON.
type locking struct {
	File    string         `json:"file"`
	Plugins int            `json:"plugins"` // that are there and can be locked
	Changes []lockedChange `json:"changes"`
	Left    []string       `json:"left"` // why what is missing could not be locked
}

type lockedChange struct {
	Change  lockfile.Kind         `json:"change"`
	Name    string                `json:"name"`
	Version string                `json:"version"`
	Differs []lockfile.Difference `json:"differs,omitempty"`
}

func (a *app) lockCommand() *cobra.Command {
	var l lockfile.Lock
	var check bool
	c := &cobra.Command{
		Use: "lock DIR...", Short: "Accept the plugins that are installed, for hosts that run nothing else", Args: arguments(1, -1),
		Long: `Lock writes what all plugins of the folders hash to into ` + lockfile.Name + ` of the first folder: each manifest, and for each platform whose
program is there the program and all files that belong to the plugin. It prints what has changed since the file was written. It starts nothing.

A host that is locked (hotplug run --locked, or host.Config.Locked) runs what is in that file, and refuses everything else until it is
locked again. It need not be started anew.

With --check nothing is written, and the exit code is 1 if something has changed. It is 1, too, if a plugin could not be locked; the
others are then; one that was locked before is "unlockable". A lock file that cannot be read is not written over.`,
		Example: "  hotplug lock plugins\n  hotplug lock --check plugins\n  hotplug lock --file site.lock plugins more-plugins",
		RunE: func(c *cobra.Command, dirs []string) error {
			l.Folders = dirs
			return a.lock(c.Context(), l, check)
		},
	}
	c.Flags().StringVar(&l.File, "file", "", "the lock file (default: "+lockfile.Name+" in the first folder)")
	c.Flags().BoolVar(&check, "check", false, "say what has changed, and write nothing")
	return c
}

func (a *app) lock(ctx context.Context, l lockfile.Lock, check bool) error {
	if err := pluginsFolders("lock", l.Folders); err != nil {
		return err
	}
	before, err := l.Read()
	if errors.Is(err, fs.ErrNotExist) && !check {
		before, err = &lockfile.File{}, nil
	}
	if err != nil {
		return exitf(exitHost, "lock: %w", err)
	}
	now, left, err := l.Collect(ctx)
	if err != nil {
		return orInterrupted(ctx, exitHost, err)
	}
	changes := lockfile.Compare(before, now, left...)
	if !check {
		if err := writeLock(l, now); err != nil {
			return exitf(exitHost, "lock: %w", err)
		}
	}
	if err := a.printLocking(l, now, changes, left); err != nil {
		return err
	}
	return a.locked(l, check, now, changes, left)
}

// writeLock leaves a file as it is that says the same.
func writeLock(l lockfile.Lock, now *lockfile.File) error {
	if text, err := l.Bytes(); err == nil && bytes.Equal(text, now.Text()) {
		return nil
	}
	return l.Write(now)
}

func (a *app) printLocking(l lockfile.Lock, now *lockfile.File, changes []lockfile.Change, left []lockfile.Left) error {
	out := locking{File: l.Path(), Plugins: len(now.Plugins), Changes: []lockedChange{}, Left: []string{}}
	t := &table{head: []string{"CHANGE", "NAME", "VERSION", "WHAT", "OLD", "NEW"}}
	for _, c := range changes {
		out.Changes = append(out.Changes, lockedChange{c.Kind, c.Name(), c.Version(), c.Differs})
		kind := cell{string(c.Kind), changeColors[c.Kind]}
		if len(c.Differs) == 0 {
			t.add(kind, text(c.Name()), text(c.Version()), text(""), text(""), text(""))
		}
		for _, d := range c.Differs {
			t.add(kind, text(c.Name()), text(c.Version()), text(d.What), text(a.shortHash(d.Old)), text(a.shortHash(d.New)))
		}
	}
	for _, l := range left {
		out.Left = append(out.Left, l.Err.Error())
		a.note("%v", l.Err)
	}
	if a.json {
		return a.document(out)
	}
	if len(t.rows) == 0 {
		return nil
	}
	return a.print(t)
}

var changeColors = map[lockfile.Kind]string{lockfile.Added: green, lockfile.Removed: red, lockfile.Changed: yellow, lockfile.Unlockable: red}

// shortHash is a hash that leaves room for another on a terminal.
func (a *app) shortHash(text string) string {
	const enough = 12
	if a.outTerminal && len(text) == 64 {
		return text[:enough]
	}
	return text
}

// locked says what was done, or why it is not as it should be.
func (a *app) locked(l lockfile.Lock, check bool, now *lockfile.File, changes []lockfile.Change, left []lockfile.Left) error {
	what := changed(changes)
	switch {
	case check && len(left) > 0:
		changes = slices.DeleteFunc(changes, func(c lockfile.Change) bool { return c.Kind == lockfile.Unlockable })
		return exitf(exitPlugin, "lock: %s cannot be locked, so %s is compared with the others alone: %s", counted(len(left), "plugin"), l.Path(), changed(changes))
	case check && len(changes) > 0:
		return exitf(exitPlugin, "lock: %s is not what is installed: %s: look at it, then accept it with `%s`", l.Path(), what, l.Command())
	case len(left) > 0:
		return exitf(exitPlugin, "lock: %s could not be locked, %s now has %s: %s", counted(len(left), "plugin"), l.Path(), counted(len(now.Plugins), "plugin"), what)
	}
	a.note("%s has %s: %s", l.Path(), counted(len(now.Plugins), "plugin"), what)
	return nil
}

// changed is "1 added, 2 changed".
func changed(changes []lockfile.Change) string {
	var parts []string
	for _, kind := range []lockfile.Kind{lockfile.Added, lockfile.Changed, lockfile.Removed, lockfile.Unlockable} {
		n := 0
		for _, c := range changes {
			if c.Kind == kind {
				n++
			}
		}
		if n > 0 {
			parts = append(parts, counted(n, "plugin")+" "+string(kind))
		}
	}
	if len(parts) == 0 {
		return "nothing has changed"
	}
	return strings.Join(parts, ", ")
}
