package rpc_test

import (
	"context"
	"iter"
	"slices"
	"sync/atomic"
	"testing"
	"testing/synctest"

	"github.com/go-hotplug/hotplug/codec"
	"github.com/go-hotplug/hotplug/internal/wire"
	"github.com/go-hotplug/hotplug/rpc"
	"github.com/go-hotplug/hotplug/rpc/rpctest"
)

// seeing returns a context whose calls append the reports that they see to all.
func seeing(ctx context.Context, all *[]rpc.Progress) context.Context {
	return rpc.OnProgress(ctx, func(p rpc.Progress) { *all = append(*all, p) })
}

func TestACallerSeesProgressWithEachSerializer(t *testing.T) {
	for _, s := range []codec.Serializer{codec.MessagePackSerializer{}, codec.JsonSerializer{}} {
		synctest.Test(t, func(t *testing.T) {
			a, _ := rpctest.PairWith(t, rpc.Options{Serializer: s}, rpc.Options{Serializer: s, Handlers: rpc.NewMux(lookup.Handle(func(ctx context.Context, _ string) (int, error) {
				for i := range 3 {
					rpc.Report(ctx, rpc.Progress{Done: int64(i), Total: 3, Note: "step"})
					synctest.Wait() // the caller has seen it
				}
				return 0, nil
			}))})
			var seen []rpc.Progress
			if _, err := lookup.Call(seeing(t.Context(), &seen), a, ""); err != nil {
				t.Fatal(err)
			}
			if want := []rpc.Progress{{0, 3, "step"}, {1, 3, "step"}, {2, 3, "step"}}; !slices.Equal(seen, want) {
				t.Errorf("%s: %v", s.Name(), seen)
			}
		})
	}
}

func TestABusyCallerSeesTheLatestReportAndTheLastOneAlways(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		const reports = 10_000
		a, _ := rpctest.Pair(t, nil, []rpc.Handler{count.Handle(func(ctx context.Context, _ int, send func(int) error) error {
			for i := range int64(reports) {
				rpc.Report(ctx, rpc.Progress{Done: i})
			}
			return send(1)
		})})
		var seen []rpc.Progress
		ctx := rpc.OnProgress(t.Context(), func(p rpc.Progress) {
			seen = append(seen, p)
			synctest.Wait() // busy until the handler is done
		})
		if got, err := collect(count.Open(ctx, a, 1)); len(got) != 1 || err != nil {
			t.Fatal(got, err)
		}
		if n := len(seen); n == 0 || n > 3 || seen[n-1].Done != reports-1 {
			t.Errorf("the caller, busy after the first report, saw %v", seen)
		}
		if !slices.IsSortedFunc(seen, func(a, b rpc.Progress) int { return int(a.Done - b.Done) }) {
			t.Errorf("out of order: %v", seen)
		}
	})
}

func TestTheLastReportComesBeforeTheResultEvenIfTheHandlerReturnsAtOnce(t *testing.T) {
	a, _ := rpctest.Pair(t, nil, []rpc.Handler{lookup.Handle(func(ctx context.Context, _ string) (int, error) {
		rpc.Report(ctx, rpc.Progress{Done: 9})
		return 1, nil
	})})
	for range 200 {
		var seen []rpc.Progress
		if _, err := lookup.Call(seeing(t.Context(), &seen), a, ""); err != nil || !slices.Equal(seen, []rpc.Progress{{Done: 9}}) {
			t.Fatalf("%v, %v", seen, err)
		}
	}
}

func TestReportsNeitherWaitNorPileUpWhenTheCallerDoesNotRead(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		reported := make(chan struct{})
		r := rawPeer(t, handling(lookup.Handle(func(ctx context.Context, _ string) (int, error) {
			for i := range int64(100_000) {
				rpc.Report(ctx, rpc.Progress{Done: i})
			}
			close(reported)
			return 1, nil
		})))
		f := wire.Frame{Kind: wire.Request, Tx: wire.Tx{N: 1}, Type: string(lookup), Meta: wire.Meta{Progress: true}}
		r.send(f, "")
		<-reported
		synctest.Wait()
		n := 0
		var last wire.Frame
		for f := r.next(); f.Kind == wire.Progress; f = r.next() {
			n++
			last = f
		}
		var p rpc.Progress
		if err := r.format.DecodePayload(&last, &p); err != nil || p.Done != 99_999 {
			t.Errorf("the last report: %+v, %v", p, err)
		}
		if n > 50_000 {
			t.Errorf("%d of 100,000 reports were queued for a peer that reads none", n)
		}
	})
}

func TestNobodyWhoDoesNotAskGetsProgress(t *testing.T) {
	r := rawPeer(t, handling(lookup.Handle(func(ctx context.Context, _ string) (int, error) {
		rpc.Report(ctx, rpc.Progress{Done: 1})
		rpc.Report(context.Background(), rpc.Progress{Done: 1}) // no handler's: nobody to tell
		return 1, nil
	})))
	r.send(wire.Frame{Kind: wire.Request, Tx: wire.Tx{N: 1}, Type: string(lookup)}, "")
	r.takes(wire.Result)
}

func TestProgressThatNobodyAskedForIsDropped(t *testing.T) {
	r := rawPeer(t, rpc.Options{})
	result := make(chan error, 1)
	go func() { _, err := lookup.Call(context.Background(), r.conn, ""); result <- err }()
	r.takes(wire.Request)
	r.send(of(wire.Progress, 1), rpc.Progress{Done: 1})
	r.send(of(wire.Result, 1), 1)
	if err := <-result; err != nil {
		t.Error(err)
	}
}

func TestAnUnreadableReportBreaksNothing(t *testing.T) {
	r := rawPeer(t, rpc.Options{})
	result := make(chan error, 1)
	var seen []rpc.Progress
	go func() { _, err := lookup.Call(seeing(context.Background(), &seen), r.conn, ""); result <- err }()
	r.takes(wire.Request)
	r.send(of(wire.Progress, 1), "half done")
	r.alive()
	r.send(of(wire.Result, 1), 1)
	if err := <-result; err != nil || len(seen) != 0 {
		t.Error(err, seen)
	}
}

func TestProgressPassesARelay(t *testing.T) {
	p, _ := relayed(t, lookup.Handle(func(ctx context.Context, _ string) (int, error) {
		rpc.Report(ctx, rpc.Progress{Done: 5, Total: 9})
		return 1, nil
	}))
	var seen []rpc.Progress
	if _, err := lookup.Call(seeing(t.Context(), &seen), p, ""); err != nil || !slices.Equal(seen, []rpc.Progress{{Done: 5, Total: 9}}) {
		t.Errorf("%v, %v", seen, err)
	}
}

func TestACallWithoutProgressAllocatesNothingForIt(t *testing.T) {
	a, _ := rpctest.Pair(t, nil, []rpc.Handler{lookup.Handle(func(ctx context.Context, _ string) (int, error) {
		rpc.Report(ctx, rpc.Progress{Done: 1, Note: "x"})
		return 1, nil
	})})
	if n := testing.AllocsPerRun(100, func() { rpc.Report(t.Context(), rpc.Progress{Done: 1}) }); n != 0 {
		t.Errorf("a report that nobody asked for allocates %v times", n)
	}
	_, _ = lookup.Call(t.Context(), a, "")
}

func TestTwoGoroutinesOfAFlowHandReportsOverOneAtATimeAndInOrder(t *testing.T) {
	const reports = 3000
	a, _ := rpctest.Pair(t, nil, []rpc.Handler{upper.Handle(func(ctx context.Context, items iter.Seq2[string, error], send func(string) error) error {
		done := int64(0)
		for s, err := range items {
			if err != nil {
				return err
			}
			done++
			rpc.Report(ctx, rpc.Progress{Done: done})
			if err := send(s); err != nil {
				return err
			}
		}
		return nil
	})})
	var inside atomic.Int32
	last := int64(0) // guarded by the claim: the race detector sees if two are in fn
	x, err := upper.Open(rpc.OnProgress(t.Context(), func(p rpc.Progress) {
		if inside.Add(1) > 1 || p.Done <= last {
			t.Errorf("report %d after %d, %d at once", p.Done, last, inside.Load())
		}
		last = p.Done
		inside.Add(-1)
	}), a)
	if err != nil {
		t.Fatal(err)
	}
	defer x.Close()
	sent := make(chan error, 1)
	go func() {
		for range reports {
			_ = x.Send("x")
		}
		sent <- x.CloseSend()
	}()
	if got, err := collect(x.Items()); len(got) != reports || err != nil {
		t.Errorf("%d items, %v", len(got), err)
	}
	if err := <-sent; err != nil || last != reports {
		t.Errorf("the last report was %d of %d; %v", last, reports, err)
	}
}
