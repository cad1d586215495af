package main

import (
	"errors"
	"math"
	"slices"
	"sync"
	"testing"
	"testing/synctest"

	"github.com/go-hotplug/hotplug/plugin"
	"github.com/go-hotplug/hotplug/plugin/plugintest"
	"github.com/go-hotplug/hotplug/rpc"
	"github.com/go-hotplug/hotplug/rpc/rpctest"
	"github.com/go-hotplug/hotplug/sample-plugins/counter/counterapi"
)

func connect(t *testing.T) rpc.Peer {
	t.Helper()
	count.Store(0)
	host, _ := rpctest.Pair(t, nil, server().Handlers)
	return host
}

func total(t *testing.T, p rpc.Peer) int64 {
	t.Helper()
	got, err := counterapi.Get.Call(t.Context(), p, struct{}{})
	if err != nil {
		t.Fatal(err)
	}
	return got.Value
}

func TestAddAnswersWithTheNewTotal(t *testing.T) {
	p := connect(t)
	for i, want := range []int64{3, 1, 1 << 40} {
		by := []int64{3, -2, 1<<40 - 1}[i]
		got, err := counterapi.Add.Call(t.Context(), p, counterapi.Delta{By: by})
		if err != nil || got.Value != want {
			t.Errorf("add %d: %d, %v; want %d", by, got.Value, err, want)
		}
	}
	if got := total(t, p); got != 1<<40 {
		t.Errorf("total %d, want %d", got, int64(1)<<40)
	}
}

func TestAddLosesNothingAmongManyCallers(t *testing.T) {
	p := connect(t)
	var all sync.WaitGroup
	for range 100 {
		all.Go(func() {
			if _, err := counterapi.Add.Call(t.Context(), p, counterapi.Delta{By: 2}); err != nil {
				t.Error(err)
			}
		})
	}
	all.Wait()
	if got := total(t, p); got != 200 {
		t.Errorf("total %d, want 200", got)
	}
}

func TestBumpCountsWithoutAnAnswer(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		p := connect(t)
		for range 5 {
			if err := counterapi.Bump.Send(t.Context(), p, counterapi.Delta{By: 10}); err != nil {
				t.Fatal(err)
			}
		}
		synctest.Wait()
		if got := total(t, p); got != 50 {
			t.Errorf("total %d, want 50", got)
		}
	})
}

func TestWatchSendsAsManyTotalsAsAsked(t *testing.T) {
	p := connect(t)
	count.Store(7)
	for asked, want := range map[int]int{-1: 0, 0: 0, 1: 1, 300: 300} {
		got := 0
		for total, err := range counterapi.Watch.Open(t.Context(), p, counterapi.Watching{Count: asked}) {
			if err != nil || total.Value != 7 {
				t.Fatalf("%d asked: %d, %v; want 7", asked, total.Value, err)
			}
			got++
		}
		if got != want {
			t.Errorf("%d asked: got %d totals", asked, got)
		}
	}
}

func TestAddAllAddsEachItemAndReportsHowMany(t *testing.T) {
	p := connect(t)
	var last rpc.Progress
	ctx := rpc.OnProgress(t.Context(), func(p rpc.Progress) { last = p })
	deltas := slices.Repeat([]counterapi.Delta{{By: 2}, {By: -1}}, 150)
	got, err := counterapi.AddAll.Call(ctx, p, rpc.Items(slices.Values(deltas)))
	if err != nil || got.Value != 150 {
		t.Errorf("got %d, %v; want 150", got.Value, err)
	}
	if want := (rpc.Progress{Done: 300}); last != want {
		t.Errorf("the last report is %+v, want %+v", last, want)
	}
}

func TestTheCountGoesToTheNextProcess(t *testing.T) {
	for _, n := range []int64{0, -7, math.MaxInt64} {
		before := plugintest.Start(t, server(), plugintest.Host{})
		count.Store(n)
		s, err := before.Snapshot(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		count.Store(0) // as in a process that has just begun
		after := plugintest.Start(t, server(), plugintest.Host{})
		if err := after.Restore(t.Context(), s); err != nil {
			t.Fatal(err)
		}
		if got := total(t, after); got != n {
			t.Errorf("%d before, %d after", n, got)
		}
	}
}

func TestAStateThatIsNotTheCountersIsRefusedAndChangesNothing(t *testing.T) {
	count.Store(7)
	p := plugintest.Start(t, server(), plugintest.Host{})
	for _, s := range []plugin.State{{}, {Schema: "counter/2", Data: []byte("1")}, {Schema: schema}, {Schema: schema, Data: []byte("x")}} {
		if err := p.Restore(t.Context(), s); !errors.Is(err, rpc.Invalid) {
			t.Errorf("%+v: %v", s, err)
		}
	}
	if got := total(t, p); got != 7 {
		t.Errorf("total %d, want 7", got)
	}
}
