//go:build linux

package e2e_test

import (
	"context"
	"errors"
	"runtime"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/go-hotplug/hotplug/e2e/internal/oddityapi"
	"github.com/go-hotplug/hotplug/host"
	"github.com/go-hotplug/hotplug/rpc"
)

// settling is how long goroutines may take to be counted out.
const settling = 5 * time.Second

// held is how many goroutines and descriptors the two processes have.
type held struct{ hostGoroutines, hostDescriptors, pluginGoroutines, pluginDescriptors int }

func holds(t *testing.T, p *host.Plugin) (h held) {
	t.Helper()
	running, err := oddityapi.Goroutines.Call(t.Context(), p, struct{}{})
	mustDo(t, err)
	open, err := oddityapi.Descriptors.Call(t.Context(), p, struct{}{})
	mustDo(t, err)
	return held{runtime.NumGoroutine(), len(descriptors()), int(running.N), len(open.Items)}
}

// keptForHandlers is how many goroutines a connection keeps that wait for a request.
const keptForHandlers = 8

// within reports whether that is no more than before.
func (h held) within(before held) bool {
	before.pluginGoroutines += keptForHandlers
	return h.hostGoroutines <= before.hostGoroutines && h.hostDescriptors <= before.hostDescriptors &&
		h.pluginGoroutines <= before.pluginGoroutines && h.pluginDescriptors <= before.pluginDescriptors
}

// atRest is what they have once handlers that were left have ended: the least of many looks.
func atRest(t *testing.T, p *host.Plugin) held {
	t.Helper()
	least := holds(t, p)
	for range 200 {
		h := holds(t, p)
		least = held{min(least.hostGoroutines, h.hostGoroutines), min(least.hostDescriptors, h.hostDescriptors),
			min(least.pluginGoroutines, h.pluginGoroutines), min(least.pluginDescriptors, h.pluginDescriptors)}
	}
	return least
}

// A way is one in which a stream ends, and the code of the error that it ends with; empty if it has none.
type way struct {
	name string
	want rpc.Code
	run  func(ctx context.Context, p rpc.Peer) error
}

func (w *way) fits(err error) bool {
	if w.want == "" {
		return err == nil
	}
	return rpc.CodeOf(err) == w.want
}

var errTorn = errors.New("the disk is torn")

func waysToEnd() []way {
	count := func(n int64) func(context.Context, rpc.Peer) error {
		return func(ctx context.Context, p rpc.Peer) error {
			_, err := read(oddityapi.Count.Open(ctx, p, number{N: n}))
			return err
		}
	}
	sum := func(items ...int64) func(context.Context, rpc.Peer) error {
		return func(ctx context.Context, p rpc.Peer) error {
			_, err := oddityapi.Sum.Call(ctx, p, func(yield func(number, error) bool) {
				for _, n := range items {
					if !yield(number{N: n}, map[bool]error{true: errTorn}[n == 99]) {
						return
					}
				}
			})
			return err
		}
	}
	return []way{
		{"to the end", "", count(3)},
		{"with all that an upload has", "", sum(1, 2, 3)},
		{"by a handler that returns early", "", sum(-1, 2, 3)},
		{"by an error of its items", rpc.Unknown, sum(1, 99)},
		{"by the handler's error", rpc.Conflict, count(13)},
		{"by the handler's panic", rpc.Internal, count(14)},
		{"by leaving the loop", "", leaves},
		{"by leaving an exchange", "", leavesExchange},
		{"by its cancelled context", rpc.Canceled, cancels},
		{"by its deadline", rpc.Timeout, func(ctx context.Context, p rpc.Peer) error {
			soon, cancel := context.WithTimeout(ctx, 2*time.Millisecond)
			defer cancel()
			return count(-2)(soon, p)
		}},
		{"refused: unknown", rpc.Unimplemented, func(ctx context.Context, p rpc.Peer) error {
			_, err := read(rpc.Stream[number, number]("oddity.nothing").Open(ctx, p, number{}))
			return err
		}},
		{"refused: another kind", rpc.Invalid, func(ctx context.Context, p rpc.Peer) error {
			_, err := read(rpc.Stream[number, number](oddityapi.Sum).Open(ctx, p, number{}))
			return err
		}},
	}
}

func leaves(ctx context.Context, p rpc.Peer) error {
	for n, err := range oddityapi.Count.Open(ctx, p, number{N: -2}) {
		if err != nil || n.N == 3 {
			return err
		}
	}
	return nil
}

func leavesExchange(ctx context.Context, p rpc.Peer) error {
	x, err := oddityapi.Chat.Open(ctx, p)
	if err != nil {
		return err
	}
	defer x.Close()
	return x.Send(number{N: 1})
}

func cancels(ctx context.Context, p rpc.Peer) error {
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	var got error
	for _, err := range oddityapi.Count.Open(ctx, p, number{N: -2}) {
		got = err
		cancel()
	}
	return got
}

func TestTenThousandStreamsOverARealSocketLeaveNeitherGoroutinesNorDescriptorsInEitherProcess(t *testing.T) {
	total := 10_000
	if testing.Short() {
		total = 1000
	}
	s := newSite(t)
	s.oddity("", m{"limits": m{"streams": 4}})
	h := s.open()
	p := h.Plugin("oddity")
	ways := waysToEnd()
	endAll(t, p, ways, 2*len(ways))
	before := atRest(t, p)
	endAll(t, p, ways, total)
	var after held
	if !eventually(settling, func() bool { after = holds(t, p); return after.within(before) }) {
		t.Errorf("before %d streams %+v, after them %+v\n%s", total, before, after, stacks())
	}
	losesConnection(t, p)
	if !eventually(settling, func() bool {
		return runtime.NumGoroutine() <= before.hostGoroutines && len(descriptors()) <= before.hostDescriptors // the plugin's own are gone, too
	}) {
		t.Errorf("before %d goroutines and %d descriptors, after the loss of a plugin with streams %d and %d\n%s",
			before.hostGoroutines, before.hostDescriptors, runtime.NumGoroutine(), len(descriptors()), stacks())
	}
}

// endAll opens streams, eight at a time where limits.streams lets four, which end in every way by turns. None is refused by the limit: one that was left
// counts in the host, too, until its handler has ended.
func endAll(t *testing.T, p rpc.Peer, ways []way, total int) {
	t.Helper()
	const atOnce = 8
	var callers sync.WaitGroup
	for first := range atOnce {
		callers.Go(func() {
			for i := first; i < total; i += atOnce {
				w := ways[i%len(ways)]
				if err := w.run(t.Context(), p); !w.fits(err) {
					t.Errorf("a stream that ends %s: %v", w.name, err)
				}
			}
		})
	}
	callers.Wait()
}

// losesConnection kills a plugin while streams are open.
func losesConnection(t *testing.T, p *host.Plugin) {
	t.Helper()
	var callers, begun sync.WaitGroup
	for range 4 {
		begun.Add(1)
		callers.Go(func() {
			var got error
			for n, err := range oddityapi.Count.Open(t.Context(), p, number{N: -2}) {
				if got = err; n.N == 1 {
					begun.Done()
				}
			}
			if !errors.Is(got, rpc.Unavailable) || !strings.Contains(got.Error(), "oddity") {
				t.Errorf("a stream of a plugin that was killed: %v", got)
			}
		})
	}
	begun.Wait()
	mustDo(t, syscall.Kill(p.Status().PID, syscall.SIGKILL))
	callers.Wait()
}
