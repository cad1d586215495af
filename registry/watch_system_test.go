package registry_test

import (
	"context"
	"fmt"
	"os"
	"runtime"
	"strings"
	"testing"
	"time"

	"github.com/go-hotplug/hotplug/internal/leak"
	"github.com/go-hotplug/hotplug/registry"
)

// patience is when a test gives up.
const patience = 30 * time.Second

// watch is a Watch with the system's events, and without the rescan that would hide a missed one.
type watch struct {
	s       *shelf
	regs    chan *registry.Registry // sent to by changed; nobody closes it
	last    *registry.Registry
	brought []string // what each call of changed brought
	stop    func()
}

// watching watches a shelf; it returns when the shelf was looked at for the first time.
func watching(s *shelf) *watch {
	s.t.Helper()
	w := &watch{s: s, regs: make(chan *registry.Registry)}
	ctx, cancel := context.WithCancel(s.t.Context())
	done := make(chan error, 1)
	var own leak.Group
	own.Do(func() {
		go func() {
			done <- registry.Watch(ctx, s.opts, registry.WatchOptions{Rescan: -1}, func(r *registry.Registry) {
				select {
				case w.regs <- r:
				case <-ctx.Done():
				}
			})
		}()
	})
	w.stop = func() {
		cancel()
		if err, ok := <-done; ok && err != nil {
			s.t.Errorf("Watch: %v", err)
		}
		close(done)
		if left := own.Left(); left != "" {
			s.t.Errorf("goroutines are left:\n%s", left)
		}
		w.stop = func() {}
	}
	s.t.Cleanup(func() { w.stop() })
	w.next()
	return w
}

// next takes what one call of changed brings.
func (w *watch) next() {
	w.s.t.Helper()
	select {
	case r := <-w.regs:
		w.brought = append(w.brought, changes(w.last, r))
		w.last = r
	case <-time.After(patience):
		w.s.t.Fatalf("changed was not called; it brought %q so far; there is\n%s", w.brought, state(w.s))
	}
}

// settles takes what changed brings until that is what there is.
func (w *watch) settles() {
	w.s.t.Helper()
	for want := state(w.s); stateOf(w.last) != want; {
		w.next()
	}
}

// state is what is installed on a shelf, as exactly as a registry says it.
func state(s *shelf) string {
	reg, err := registry.Scan(s.t.Context(), s.opts)
	if err != nil {
		return ""
	}
	return stateOf(reg)
}

func stateOf(r *registry.Registry) string {
	var out []string
	for _, c := range r.Found {
		out = append(out, fmt.Sprintf("%s %s %s %s", c, c.EntryPath, c.ManifestSum, c.FilesSum))
	}
	return strings.Join(out, "\n")
}

// upheavals are what people and programs do to a plugins folder with the plugin a and a spare version of it beside.
var upheavals = map[string]func(s *shelf){
	"copied over":      func(s *shelf) { s.plugin("one/a", "a", "1.1.0") },
	"touched":          func(s *shelf) { s.touch("one/a/"+entryName(), time.Unix(1e9, 0)) },
	"a file more":      func(s *shelf) { s.write("one/a/lib/deep/x", "x", 0o644) },
	"a file less":      func(s *shelf) { s.remove("one/a/data/x") },
	"a file below":     func(s *shelf) { s.write("one/a/data/x", "other", 0o644) },
	"removed":          func(s *shelf) { s.remove("one/a") },
	"removed and made": func(s *shelf) { s.remove("one/a"); s.plugin("one/a", "a", "1.1.0") },
	"renamed in place": func(s *shelf) {
		s.write("one/a/.new", entryBody+"# other\n", 0o755)
		s.rename("one/a/.new", "one/a/"+entryName())
	},
	"saved by an editor": func(s *shelf) {
		s.write("one/a/.plugin.json.swp", "", 0o644)
		s.rename("one/a/plugin.json", "one/a/plugin.json~")
		s.write("one/a/plugin.json", text("a", "1.1.0", entryName()), 0o644)
		s.remove("one/a/plugin.json~")
		s.remove("one/a/.plugin.json.swp")
	},
	"folder swapped": func(s *shelf) { s.rename("one/a", "old"); s.rename("spare", "one/a") },
	"moved in":       func(s *shelf) { s.rename("spare", "one/b") },
	"moved out":      func(s *shelf) { s.rename("one/a", "out") },
	"moved within": func(s *shelf) {
		s.rename("one/a", "one/z")
		s.write("one/z/data/x", "other", 0o644)
	},
	"made now, filled later": func(s *shelf) {
		s.mkdir("one/b/lib")
		s.write("one/b/lib/x", "x", 0o644)
		s.plugin("one/b", "b", "1.0.0")
		s.write("one/b/lib/x", "y", 0o644)
	},
	"burst": func(s *shelf) {
		for i := range 1000 {
			s.write("one/a/data/x", strings.Repeat("x", i), 0o644)
		}
	},
	"many files": func(s *shelf) {
		for i := range 1000 {
			s.write(fmt.Sprintf("one/a/data/%d/x", i), "", 0o644)
		}
	},
	"plugins folder deleted": func(s *shelf) { s.remove("one") },
	"plugins folder deleted and made": func(s *shelf) {
		s.remove("one")
		s.plugin("one/a", "a", "1.1.0")
	},
	"plugins folder moved away":   func(s *shelf) { s.rename("one", "away") },
	"plugins folder swapped":      func(s *shelf) { s.rename("one", "away"); s.plugin("one/c", "c", "1.0.0") },
	"missing folder made":         func(s *shelf) { s.plugin("two/later/b", "b", "1.0.0") },
	"missing folder made by move": func(s *shelf) { s.mkdir("new/later"); s.rename("spare", "new/later/b"); s.rename("new", "two") },
	"lone executable": func(s *shelf) {
		s.write("one/"+entryName(), entryBody, 0o755)
		s.write("one/run.plugin.json", text("run", "1.0.0", entryName()), 0o644)
	},
	"broken": func(s *shelf) { s.write("one/a/"+entryName(), "", 0o755) },
}

// unixUpheavals need modes and links.
var unixUpheavals = map[string]func(s *shelf){
	"chmod": func(s *shelf) {
		if err := os.Chmod(s.path("one/a/"+entryName()), 0o644); err != nil {
			s.t.Fatal(err)
		}
	},
	"link switched":          func(s *shelf) { s.relink(s.path("far/v2"), "one/linked") },
	"link behind a link":     func(s *shelf) { s.relink("v2", "far/current") },
	"written behind a link":  func(s *shelf) { s.write("far/v1/data", "x", 0o644) },
	"link removed":           func(s *shelf) { s.remove("one/linked") },
	"what it leads to went":  func(s *shelf) { s.remove("far/v1") },
	"link inside a plugin":   func(s *shelf) { s.relink("v2", "one/inside/current") },
	"path's own link moved":  func(s *shelf) { s.relink("empty", "three") },
	"entry behind that link": func(s *shelf) { s.write("one/inside/v1/run", entryBody+"# other\n", 0o755) },
}

func TestWhateverHappensToAPluginsFolderIsSeenWithoutARescan(t *testing.T) {
	for name, do := range upheavals {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			see(t, newUpheaval(t), do)
		})
	}
}

func TestWhateverHappensToLinksAndModesIsSeenWithoutARescan(t *testing.T) {
	if runtime.GOOS == "windows" {
		t.Skip("links and modes are those of Unix")
	}
	for name, do := range unixUpheavals {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s := newUpheaval(t)
			s.plugin("far/v1", "linked", "1.0.0")
			s.plugin("far/v2", "linked", "2.0.0")
			s.link("v1", "far/current")
			s.link(s.path("far/current"), "one/linked")
			s.write("one/inside/plugin.json", text("inside", "1.0.0", "current/run"), 0o644)
			s.write("one/inside/v1/run", entryBody, 0o755)
			s.write("one/inside/v2/run", entryBody, 0o755)
			s.link("v1", "one/inside/current")
			s.plugin("full/d", "d", "1.0.0")
			s.mkdir("empty")
			s.link("full", "three")
			s.opts.Path = append(s.opts.Path, s.path("three"))
			see(t, s, do)
		})
	}
}

func newUpheaval(t *testing.T) *shelf {
	s := newShelf(t, 1)
	s.plugin("one/a", "a", "1.0.0")
	s.write("one/a/data/x", "x", 0o644)
	s.plugin("spare", "a", "2.0.0")
	s.opts.Path = append(s.opts.Path, s.path("two/later"))
	return s
}

// see does something to a shelf that is watched, and waits until that was seen.
func see(t *testing.T, s *shelf, do func(s *shelf)) {
	t.Helper()
	w := watching(s)
	s.plugin("one/first", "first", "1.0.0") // once that is seen, nothing but an event leads to another look
	w.settles()
	before := stateOf(w.last)
	do(s)
	w.settles()
	if stateOf(w.last) == before {
		t.Errorf("it is as it was:\n%s", before)
	}
	s.plugin("one/last", "last", "1.0.0") // what comes after is seen, too
	w.settles()
}

func TestChangesInEachOfManyFoldersAreSeen(t *testing.T) {
	s := newShelf(t, 1)
	for i := range 100 {
		s.plugin(fmt.Sprintf("one/p%d", i), fmt.Sprintf("p%d", i), "1.0.0")
	}
	w := watching(s)
	for i := range 100 {
		s.plugin(fmt.Sprintf("one/p%d", i), fmt.Sprintf("p%d", i), "1.1.0")
	}
	w.settles()
	for _, e := range w.last.Entries {
		if e.Version.String() != "1.1.0" {
			t.Errorf("%s is %s", e.Name, e.Version)
		}
	}
}
