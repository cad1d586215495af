//go:build linux

package e2e_test

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"runtime"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/go-hotplug/hotplug/e2e/internal/oddityapi"
	"github.com/go-hotplug/hotplug/host"
	"github.com/go-hotplug/hotplug/rpc"
)

// A crowd calls a plugin until it is told to leave.
type crowd struct {
	t     *testing.T
	over  atomic.Bool
	done  sync.WaitGroup
	calls atomic.Int64 // that have ended
}

// gather has so many callers do something again and again: n counts from 1. An error ends a caller and fails the test.
func gather(t *testing.T, size int, call func(caller, n int) error) *crowd {
	c := &crowd{t: t}
	for caller := range size {
		c.done.Go(func() {
			for n := 1; !c.over.Load(); n++ {
				if err := call(caller, n); err != nil {
					t.Errorf("caller %d, round %d: %v", caller, n, err)
					return
				}
				c.calls.Add(1)
			}
		})
	}
	return c
}

// busy waits until more calls have ended.
func (c *crowd) busy() {
	c.t.Helper()
	enough := c.calls.Load() + 20
	until(c.t, 30*time.Second, "busy", func() bool { return c.calls.Load() > enough || c.t.Failed() })
}

// leave waits until all have, and says how many calls there were.
func (c *crowd) leave() int64 {
	c.over.Store(true)
	c.done.Wait()
	return c.calls.Load()
}

func TestAReloadUnderLoadFailsNoCallAndLosesNoNotice(t *testing.T) {
	const reloads, callers = 30, 8
	s := newSite(t)
	marks := filepath.Join(t.TempDir(), "marks")
	s.put(edition{version: "1.0.0", env: m{oddityapi.EnvMarks: marks}})
	h := s.open()
	p := h.Plugin("oddity")
	c := gather(t, callers, func(caller, n int) error { return everyKind(t.Context(), p, caller, n) })
	for n := range reloads {
		c.busy()
		version := fmt.Sprintf("1.0.%d", n+1)
		s.reload(p, edition{version: version, env: m{oddityapi.EnvMarks: marks}})
		answers(t, p, version)
	}
	rounds := int(c.leave())
	until(t, 30*time.Second, "all notices handled", func() bool { return p.Status().Notices == 0 && len(linesOf(t, marks)) >= rounds })
	inOrder(t, linesOf(t, marks), rounds)
	t.Logf("%d rounds of calls during %d reloads", rounds, reloads)
	s.goesOn(h)
}

// everyKind is a call of each kind.
func everyKind(ctx context.Context, p *host.Plugin, caller, n int) error {
	_, method := oddityapi.Add.Call(ctx, p, number{N: 1})
	whole, query := oddityapi.Whole.Call(ctx, p, number{N: int64(n)})
	items, stream := read(oddityapi.Count.Open(ctx, p, number{N: 20}))
	sum, upload := oddityapi.Sum.Call(ctx, p, upTo(20))
	notice := oddityapi.Mark.Send(ctx, p, oddityapi.Line{Text: fmt.Sprintf("%d %d", caller, n)})
	if err := errors.Join(method, query, stream, upload, notice); err != nil {
		return err
	}
	if whole.N != int64(n) || len(items) != 20 || sum.N != 210 {
		return fmt.Errorf("got %d, %d items and %d", whole.N, len(items), sum.N)
	}
	return nil
}

func linesOf(t *testing.T, path string) []string {
	t.Helper()
	text, err := os.ReadFile(path)
	if err != nil && !errors.Is(err, os.ErrNotExist) {
		t.Fatal(err)
	}
	return strings.FieldsFunc(string(text), func(r rune) bool { return r == '\n' })
}

// inOrder fails the test unless each caller's lines are there once and in order.
func inOrder(t *testing.T, lines []string, want int) {
	t.Helper()
	if len(lines) != want {
		t.Errorf("%d notices were handled, %d were sent", len(lines), want)
	}
	last := map[string]int{}
	for _, line := range lines {
		caller, text, _ := strings.Cut(line, " ")
		n, err := strconv.Atoi(text)
		if err != nil || n != last[caller]+1 {
			t.Fatalf("caller %s: notice %q follows %d", caller, text, last[caller])
		}
		last[caller] = n
	}
}

// A footprint is what a host takes of its system.
type footprint struct {
	goroutines, processes, files int
	descriptors                  map[string]int // how many of each kind
}

func (s *site) footprint() footprint {
	f := footprint{goroutines: runtime.NumGoroutine(), processes: len(processesOf(nil)), descriptors: map[string]int{}}
	for _, target := range descriptors() {
		kind, _, _ := strings.Cut(target, ":")
		f.descriptors[kind]++
	}
	_ = filepath.WalkDir(s.runtime, func(string, os.DirEntry, error) error { f.files++; return nil })
	return f
}

func (f footprint) is(g footprint) bool {
	return f.goroutines == g.goroutines && f.processes == g.processes && f.files == g.files && maps.Equal(f.descriptors, g.descriptors)
}

func TestAHostIsAsLargeAfterFiftyReloadsAsBefore(t *testing.T) {
	s := newSite(t)
	s.put(edition{version: "1.0.0"})
	h := s.open()
	p := h.Plugin("oddity")
	warm(t, p)
	var before footprint
	until(t, 10*time.Second, "quiet", func() bool { last := before; before = s.footprint(); return before.is(last) })
	for n := range 50 {
		s.reload(p, edition{version: fmt.Sprintf("1.0.%d", n+1), with: m{"reload": m{"rollbackWindow": fmt.Sprintf("%dms", n*10)}}})
		warm(t, p)
	}
	if !eventually(20*time.Second, func() bool { return s.footprint().is(before) }) {
		t.Errorf("%+v after 50 reloads, %+v before\n%s", s.footprint(), before, stacks())
	}
	s.goesOn(h)
}

// warm uses each kind of message once.
func warm(t *testing.T, p *host.Plugin) {
	t.Helper()
	mustDo(t, everyKind(t.Context(), p, 0, 0))
}

func TestAStreamThatIsOpenAtTheDrainLimitEndsWithMovedAndCanBeOpenedAgain(t *testing.T) {
	s := newSite(t)
	s.put(edition{version: "1.0.0", with: m{"timeouts": m{"drain": "200ms"}}})
	h := s.open()
	p := h.Plugin("oddity")
	ends := map[string]<-chan error{"a stream": streaming(t, oddityapi.Count, p), "an upload": uploading(t, p), "a duplex": talking(t, p)}
	s.reload(p, edition{version: "1.1.0"})
	for what, end := range ends {
		err := <-end
		if !errors.Is(err, rpc.Moved) {
			t.Errorf("%s: %v, want Moved", what, err)
		}
		says(t, err, "open it again")
	}
	warm(t, p)
	talks(t, p, oddityapi.Chat)
	answers(t, p, "1.1.0")
	s.goesOn(h)
}

func TestAStreamThatEndsWithinTheDrainLimitIsReadToItsEnd(t *testing.T) {
	s := newSite(t)
	s.put(edition{version: "1.0.0"})
	h := s.open()
	p := h.Plugin("oddity")
	x, err := oddityapi.Chat.Open(t.Context(), p)
	mustDo(t, err)
	defer x.Close()
	mustDo(t, x.Send(number{N: 1}))
	s.reload(p, edition{version: "1.1.0"})
	answers(t, p, "1.1.0")
	mustDo(t, x.Send(number{N: 2}))
	mustDo(t, x.CloseSend())
	if got, err := read(x.Items()); len(got) != 2 || err != nil {
		t.Errorf("%v, %v; want both answers of the old instance", got, err)
	}
	s.goesOn(h)
}
