package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"time"

	"github.com/go-hotplug/hotplug/host"
)

// A rehearsal replaces the plugin markdown of a served site, while readers and callers go on, and tells what they notice.
type rehearsal struct {
	server *server
	stdout io.Writer
	crowd  *crowd
	events <-chan host.Event
}

// An act is one release of markdown.
type act struct {
	version, what string
	entry         []byte   // the program
	outcomes      []string // begin what the host says of it, one after the other
	answers       string   // the version that answers then
}

// rehearse plays all acts. It fails if a request or a call did, or the host says something else than is expected.
func rehearse(ctx context.Context, o options, stdout, stderr io.Writer) int {
	if runtime.GOOS == "windows" {
		fmt.Fprintln(stdout, "demo: ok, the rehearsal is left out: one of its plugins is a shell script")
		return 0
	}
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	err := rehearseIn(ctx, cancel, o, stdout, stderr)
	if err != nil {
		fmt.Fprintln(stderr, "site:", err)
		fmt.Fprintln(stdout, "demo: failed, see above")
		return 1
	}
	return 0
}

func rehearseIn(ctx context.Context, cancel context.CancelFunc, o options, stdout, stderr io.Writer) (err error) {
	acts, err := o.acts()
	if err != nil {
		return err
	}
	dir, err := os.MkdirTemp("", "site-rehearsal-")
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, os.RemoveAll(dir)) }()
	if err := os.CopyFS(dir, os.DirFS(o.plugins)); err != nil {
		return fmt.Errorf("copy the plugins: %w", err)
	}
	o.plugins = dir
	quiet := stderr
	if !o.verbose {
		quiet = io.Discard // bad releases are noisy, and meant to be
	}
	s, err := openServer(ctx, o, quiet)
	if err != nil {
		return err
	}
	defer s.close()
	r := &rehearsal{server: s, stdout: stdout, events: eventsOf(s.host.Events(ctx))}
	ended := make(chan struct{})
	go func() { defer close(ended); s.run(ctx) }()
	r.crowd = gather(ctx, s)
	err = r.play(ctx, acts)
	r.crowd.leave()
	cancel()
	<-ended
	return err
}

// acts are the releases, from the good one to the worst.
func (o options) acts() ([]act, error) {
	other, err := os.ReadFile(o.other)
	if err != nil {
		return nil, fmt.Errorf("-other: %w", err)
	}
	faulty, err := os.ReadFile(o.faulty)
	if err != nil {
		return nil, fmt.Errorf("-faulty: %w", err)
	}
	return []act{
		{"1.1.0", "another look: each heading links to itself", other, []string{"reloaded: 1.1.0 follows 1.0.0", "1.1.0 has passed its probation"}, "1.1.0"},
		{"1.2.0", "it crashes at start", []byte("#!/bin/sh\necho out of paper >&2\nexit 3\n"), []string{"1.1.0 goes on: the reload was refused: "}, "1.1.0"},
		{"1.3.0", "it passes its handshake and crashes at its first call", faulty, []string{"rolled back to 1.1.0: 1.3.0 broke on probation: "}, "1.1.0"},
	}, nil
}

func (r *rehearsal) say(format string, args ...any) {
	fmt.Fprintf(r.stdout, "demo: "+format+"\n", args...)
}

func (r *rehearsal) play(ctx context.Context, acts []act) error {
	r.say("%s at %s; %s and %s go on all the while", count(r.server.pages(), "page"), r.server.address(), count(readers, "reader"), count(callers, "caller")+" of markdown.Render")
	if err := r.crowd.goesOn(ctx, "1.0.0"); err != nil {
		return err
	}
	for _, a := range acts {
		if err := r.perform(ctx, a); err != nil {
			return fmt.Errorf("markdown %s: %w", a.version, err)
		}
	}
	return r.verdict()
}

// perform installs a release, waits for what becomes of it, and tells who answered meanwhile.
func (r *rehearsal) perform(ctx context.Context, a act) error {
	before := r.crowd.look()
	r.say("markdown %s is installed: %s", a.version, a.what)
	if err := r.install(a); err != nil {
		return fmt.Errorf("install it: %w", err)
	}
	for _, outcome := range a.outcomes {
		if err := r.await(ctx, outcome); err != nil {
			return err
		}
		if err := r.crowd.goesOn(ctx, a.answers); err != nil {
			return err
		}
	}
	now := r.crowd.look()
	r.say("  markdown %s answered before, %s does now; %s and %s in between, %d failed", before.call, now.call,
		count(now.requests-before.requests, "request"), count(now.calls-before.calls, "call"), now.failed-before.failed)
	return nil
}

// install puts a release into the plugins folder, as a careful installer does: each file whole, or not at all.
func (r *rehearsal) install(a act) error {
	dir := filepath.Join(r.server.plugins, "markdown")
	text, err := os.ReadFile(filepath.Join(dir, "plugin.json"))
	if err != nil {
		return err
	}
	var manifest map[string]any
	if err := json.Unmarshal(text, &manifest); err != nil {
		return err
	}
	manifest["version"] = a.version
	manifest["reload"] = map[string]any{"rollbackWindow": probation.String()}
	if text, err = json.MarshalIndent(manifest, "", "  "); err != nil {
		return err
	}
	return errors.Join(replace(filepath.Join(dir, "markdown"), a.entry, 0o755), replace(filepath.Join(dir, "plugin.json"), text, 0o644))
}

// replace writes a file beside and renames it.
func replace(path string, content []byte, mode os.FileMode) error {
	beside := path + ".new"
	if err := os.WriteFile(beside, content, mode); err != nil {
		return err
	}
	return os.Rename(beside, path)
}

// patience is how long an outcome may take.
const patience = time.Minute

// probation is how long the way back from a new release stays open: short, for nobody wants to watch a demonstration for long.
const probation = 2 * time.Second

// await waits for the host to say something.
func (r *rehearsal) await(ctx context.Context, outcome string) error {
	late := time.NewTimer(patience)
	defer late.Stop()
	said := ""
	for {
		select {
		case e := <-r.events:
			if e.Plugin != "markdown" || e.To != host.Ready {
				continue
			}
			if said, _, _ = strings.Cut(e.Reason, "\n"); strings.HasPrefix(e.Reason, outcome) {
				r.say("  the host: %s", said)
				return nil
			}
		case <-late.C:
			return fmt.Errorf("expected %q within %s, the host said last: %q", outcome, patience, said)
		case <-ctx.Done():
			return context.Cause(ctx)
		}
	}
}

func (r *rehearsal) verdict() error {
	c := r.crowd
	now := c.look()
	r.say("pages were made %s, calls were answered %s", c.versions(&c.requests), c.versions(&c.calls))
	if now.failed > 0 {
		return fmt.Errorf("%d of %s and calls failed, the first: %w", now.failed, count(now.requests+now.calls, "request"), now.first)
	}
	r.say("ok, 3 releases of markdown under %s and %s, 0 failed", count(now.requests, "request"), count(now.calls, "call"))
	return nil
}

// eventsOf puts events into a channel, which ends with them.
func eventsOf(events func(func(host.Event) bool)) <-chan host.Event {
	out := make(chan host.Event, 1024)
	go func() {
		defer close(out)
		for e := range events {
			out <- e
		}
	}()
	return out
}
