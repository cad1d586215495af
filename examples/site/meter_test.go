package main

import (
	"errors"
	"testing"
	"time"

	"github.com/go-hotplug/hotplug/host"
	"github.com/go-hotplug/hotplug/rpc"
)

func TestPercentileIsTheNearestRank(t *testing.T) {
	hundred := make([]time.Duration, 100)
	for i := range hundred {
		hundred[i] = time.Duration(i + 1)
	}
	for _, test := range []struct {
		values []time.Duration
		p      int
		want   time.Duration
	}{
		{nil, 50, 0},
		{[]time.Duration{7}, 50, 7},
		{[]time.Duration{7}, 99, 7},
		{[]time.Duration{1, 2}, 50, 1},
		{[]time.Duration{1, 2, 3}, 50, 2},
		{[]time.Duration{1, 2, 3}, 99, 3},
		{hundred, 50, 50},
		{hundred, 99, 99},
		{hundred, 100, 100},
		{hundred, 0, 1},
		{append(hundred[:100:100], 101), 99, 100},
	} {
		if got := percentile(test.values, test.p); got != test.want {
			t.Errorf("percentile %d of %d values: %d, want %d", test.p, len(test.values), got, test.want)
		}
	}
}

func TestAStreamThatIsLeftHasNotFailed(t *testing.T) {
	m := newMeter()
	m.observe(host.Message{Type: "s", Kind: rpc.KindStream, Err: rpc.Errorf(rpc.Canceled, "left")})
	m.observe(host.Message{Type: "m", Kind: rpc.KindMethod, Err: rpc.Errorf(rpc.Canceled, "given up")})
	m.observe(host.Message{Type: "u", Kind: rpc.KindStream, Err: rpc.Errorf(rpc.Unavailable, "gone")})
	for _, f := range m.figures() {
		if want := map[string]int{"s": 0, "m": 1, "u": 1}[f.message]; f.failed != want {
			t.Errorf("%s: %d failed, want %d", f.message, f.failed, want)
		}
	}
}

func TestMeterKeepsDirectionsApartAndCountsReasons(t *testing.T) {
	m := newMeter()
	for i := range 4 {
		m.observe(host.Message{Plugin: "b", Type: "x", Duration: time.Duration(4 - i)})
	}
	m.observe(host.Message{Plugin: "b", Type: "x", Incoming: true, Err: errors.New("no")})
	m.observe(host.Message{Plugin: "b", Type: "x", Incoming: true, Err: errors.New("no")})
	m.observe(host.Message{Plugin: "a", Type: "y"})

	all := m.figures()
	if len(all) != 3 || all[0].plugin != "a" || all[1].incoming || !all[2].incoming {
		t.Fatalf("routes: %+v", all)
	}
	if out := all[1]; out.calls != 4 || out.failed != 0 || out.median != 2 || out.p99 != 4 {
		t.Errorf("to b: %+v", out)
	}
	if in := all[2]; in.calls != 2 || in.failed != 2 || in.reasons["no"] != 2 {
		t.Errorf("from b: %+v", in)
	}
}
