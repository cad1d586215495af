package registry_test

import (
	"context"
	"fmt"
	"maps"
	"slices"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/go-hotplug/hotplug/registry"
)

// changes are the changes between two registries in one line.
func changes(old, new *registry.Registry) string {
	var out []string
	for _, c := range registry.Changes(old, new) {
		out = append(out, string(c.Kind)+" "+c.Name)
	}
	return strings.Join(out, ", ")
}

// fakeSource is told by the test what happens.
type fakeSource struct {
	hints chan struct{}

	mu      sync.Mutex // guards what follows
	looks   int
	deaf    map[string]error
	folders []string
	late    func() // called by the next Follow, which then says that a folder is new to it
}

func newFakeSource() *fakeSource { return &fakeSource{hints: make(chan struct{}, 1)} }

func (f *fakeSource) Follow(s registry.Spots) (bool, map[string]error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.looks++
	f.folders = slices.Sorted(maps.Keys(s))
	if f.late == nil {
		return false, f.deaf
	}
	f.late()
	f.late = nil
	return true, f.deaf
}

func (f *fakeSource) Hints() <-chan struct{} { return f.hints }
func (f *fakeSource) Close()                 {}

func (f *fakeSource) hint() {
	select {
	case f.hints <- struct{}{}:
	default:
	}
}

func (f *fakeSource) setDeaf(deaf map[string]error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.deaf = deaf
}

func (f *fakeSource) beLate(late func()) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.late = late
}

func (f *fakeSource) looked() int {
	f.mu.Lock()
	defer f.mu.Unlock()
	return f.looks
}

// lookout is a Watch in a bubble of synctest, and what it has said.
type lookout struct {
	*shelf
	src    *fakeSource
	opt    registry.WatchOptions
	open   func(registry.Logger) (registry.Source, error) // nil: src
	blind  bool                                           // nobody knows whether a file is being written
	during func()                                         // called by changed
	cancel context.CancelFunc

	mu   sync.Mutex // guards what follows
	last *registry.Registry
	said []string // of each call of changed what it brought
	warn []string
}

// bubble runs a test in fake time, with a shelf of one folder that has the plugin a.
func bubble(t *testing.T, test func(l *lookout)) {
	t.Helper()
	synctest.Test(t, func(t *testing.T) {
		l := &lookout{shelf: newShelf(t, 1), src: newFakeSource()}
		l.plugin("one/a", "a", "1.0.0")
		test(l)
		if l.cancel != nil {
			l.cancel()
		}
	})
}

func (l *lookout) Debug(string, ...any) {}

func (l *lookout) Warn(msg string, args ...any) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.warn = append(l.warn, msg+" "+fmt.Sprint(args...))
}

// start begins to watch, and checks that what is there is handed over at once.
func (l *lookout) start(want string) {
	l.t.Helper()
	l.begin()
	l.after(0, want)
	l.after(200 * time.Millisecond) // its second look, at what may have been written in the same tick
}

func (l *lookout) begin() {
	if l.open == nil {
		l.open = func(registry.Logger) (registry.Source, error) { return l.src, nil }
	}
	l.opt.Logger = l
	ctx, cancel := context.WithCancel(l.t.Context())
	l.cancel = cancel
	go func() {
		if err := registry.WatchBy(ctx, l.opts, l.opt, l.changed, l.open, l.blind); err != nil {
			l.t.Errorf("Watch: %v", err)
		}
	}()
}

func (l *lookout) changed(reg *registry.Registry) {
	if l.during != nil {
		l.during()
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	l.said = append(l.said, changes(l.last, reg))
	l.last = reg
}

// after lets time pass, and checks what the calls of changed brought meanwhile.
func (l *lookout) after(d time.Duration, want ...string) {
	l.t.Helper()
	time.Sleep(d)
	synctest.Wait()
	l.mu.Lock()
	defer l.mu.Unlock()
	if !slices.Equal(l.said, want) {
		l.t.Errorf("after %v: changed brought %q, want %q", d, l.said, want)
	}
	l.said = nil
}

// warned takes the warnings so far.
func (l *lookout) warned() []string {
	l.mu.Lock()
	defer l.mu.Unlock()
	defer func() { l.warn = nil }()
	return l.warn
}

// version installs a version of the plugin a in place, and says so.
func (l *lookout) version(v string) {
	l.t.Helper()
	l.plugin("one/a", "a", v)
	l.src.hint()
}
