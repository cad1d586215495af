//go:build linux

package e2e_test

import (
	"context"
	"errors"
	"iter"
	"syscall"
	"testing"
	"time"

	"github.com/go-hotplug/hotplug/e2e/internal/oddityapi"
	"github.com/go-hotplug/hotplug/host"
	"github.com/go-hotplug/hotplug/rpc"
)

// upTo yields 1 to n.
func upTo(n int64) iter.Seq2[number, error] {
	return func(yield func(number, error) bool) {
		for i := int64(1); i <= n && yield(number{N: i}, nil); i++ {
		}
	}
}

// read reads a stream to its end.
func read(items iter.Seq2[number, error]) (all []int64, err error) {
	for item, err := range items {
		if err != nil {
			return all, err
		}
		all = append(all, item.N)
	}
	return all, nil
}

func TestEveryKindOfStreamWorksInBothDirectionsWithEachSerializer(t *testing.T) {
	for _, serializer := range []string{"MessagePackSerializer", "JsonSerializer"} {
		t.Run(serializer, func(t *testing.T) {
			s := newSite(t)
			s.oddity("", m{"serializer": serializer})
			h := s.open(func(c *host.Config) {
				c.Handlers = []rpc.Handler{oddityapi.HostCount.Handle(oddityapi.Counted), oddityapi.HostSum.Handle(oddityapi.Summed), oddityapi.HostChat.Handle(oddityapi.Negated)}
			})
			p := h.Plugin("oddity")
			for _, count := range []rpc.Stream[number, number]{oddityapi.Count, oddityapi.HostCount} {
				var last rpc.Progress
				ctx := rpc.OnProgress(t.Context(), func(p rpc.Progress) { last = p })
				if got, err := read(count.Open(ctx, p, number{N: 1000})); len(got) != 1000 || got[999] != 1000 || err != nil || last.Done != 1000 {
					t.Errorf("%s: %d items, last report %+v, %v", count, len(got), last, err)
				}
			}
			for _, sum := range []rpc.Upload[number, number]{oddityapi.Sum, oddityapi.HostSum} {
				if got, err := sum.Call(t.Context(), p, upTo(1000)); got.N != 500_500 || err != nil {
					t.Errorf("%s: %d, %v", sum, got.N, err)
				}
			}
			for _, chat := range []rpc.Duplex[number, number]{oddityapi.Chat, oddityapi.HostChat} {
				talks(t, p, chat)
			}
			s.goesOn(h)
		})
	}
}

// talks sends an item and waits for its answer before the next.
func talks(t *testing.T, p rpc.Peer, chat rpc.Duplex[number, number]) {
	t.Helper()
	x, err := chat.Open(t.Context(), p)
	mustDo(t, err)
	defer x.Close()
	next, stop := iter.Pull2(x.Items())
	defer stop()
	for n := range int64(10) {
		mustDo(t, x.Send(number{N: n}))
		if got, err, _ := next(); got.N != -n || err != nil {
			t.Fatalf("%s: sent %d, got %d, %v", chat, n, got.N, err)
		}
	}
	mustDo(t, x.CloseSend())
	if _, err, more := next(); more {
		t.Errorf("%s: behind the end: %v", chat, err)
	}
}

func TestAStreamThatIsLeftOrFailsEndsInThePluginAndNothingElseDoes(t *testing.T) {
	s := newSite(t)
	s.oddity("", nil)
	h := s.open()
	p := h.Plugin("oddity")
	next, stop := iter.Pull2(oddityapi.Count.Open(t.Context(), p, number{N: -2})) // a slow reader of an endless one
	next()
	for n := range oddityapi.Count.Open(t.Context(), p, number{N: -2}) {
		if n.N == 5000 {
			break
		}
	}
	if got, err := read(oddityapi.Count.Open(t.Context(), p, number{N: 13})); len(got) != 13 || !errors.Is(err, rpc.Conflict) {
		t.Errorf("an error: %v, %v", got, err)
	}
	if got, err := read(oddityapi.Count.Open(t.Context(), p, number{N: 14})); len(got) != 14 || !errors.Is(err, rpc.Internal) {
		t.Errorf("a panic: %v, %v", got, err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	for range oddityapi.Count.Open(ctx, p, number{N: -2}) {
		cancel()
	}
	stop()
	until(t, 10*time.Second, "five handlers of Count have ended", func() bool {
		ended, err := oddityapi.Ended.Call(t.Context(), p, struct{}{})
		mustDo(t, err)
		return ended.N == 5
	})
	s.goesOn(h)
}

func TestAPluginThatIsKilledEndsItsStreamsByName(t *testing.T) {
	s := newSite(t)
	s.oddity("", nil)
	h := s.open()
	p := h.Plugin("oddity")
	var got error
	for n, err := range oddityapi.Count.Open(t.Context(), p, number{N: -2}) {
		if got = err; n.N == 100 {
			mustDo(t, syscall.Kill(p.Status().PID, syscall.SIGKILL))
		}
	}
	if !errors.Is(got, rpc.Unavailable) || rpc.Delivered(got) != rpc.PerhapsDelivered {
		t.Errorf("%v, delivered: %s", got, rpc.Delivered(got))
	}
	says(t, got, `plugin "oddity"`, "SIGKILL")
	s.goesOn(h)
}
