package main

import (
	"errors"
	"slices"
	"sync"
	"time"

	"github.com/go-hotplug/hotplug/host"
	"github.com/go-hotplug/hotplug/rpc"
)

// A meter counts the messages between the host and its plugins.
type meter struct {
	mu      sync.Mutex // guards traffic, and what it leads to
	traffic map[route]*traffic
}

// A route is one kind of message in one direction.
type route struct {
	plugin   string
	incoming bool // from the plugin to the host
	message  string
}

// traffic is what went along a route.
type traffic struct {
	times    []time.Duration
	failures map[string]int // by reason
}

func newMeter() *meter { return &meter{traffic: map[route]*traffic{}} }

// hooks are those of a host whose messages are counted. A meter that is nil counts nothing.
func (m *meter) hooks() host.Hooks {
	if m == nil {
		return host.Hooks{}
	}
	return host.Hooks{Message: m.observe}
}

// observe is a host.Hooks.Message.
func (m *meter) observe(msg host.Message) {
	m.mu.Lock()
	defer m.mu.Unlock()
	r := route{msg.Plugin, msg.Incoming, msg.Type}
	t := m.traffic[r]
	if t == nil {
		t = &traffic{failures: map[string]int{}}
		m.traffic[r] = t
	}
	if msg.Kind == rpc.KindStream && errors.Is(msg.Err, rpc.Canceled) {
		msg.Err = nil // it was left, which is no failure
	}
	t.add(msg.Duration, msg.Err)
}

func (t *traffic) add(d time.Duration, err error) {
	t.times = append(t.times, d)
	if err != nil {
		t.failures[err.Error()]++
	}
}

// A figure is what the report says of one route, or of all routes of one plugin.
type figure struct {
	route
	calls, failed int
	median, p99   time.Duration
	reasons       map[string]int
}

// figures are the routes, by plugin; first those from the host.
func (m *meter) figures() []figure {
	m.mu.Lock()
	defer m.mu.Unlock()
	var all []figure
	for r, t := range m.traffic {
		all = append(all, t.figure(r))
	}
	slices.SortFunc(all, func(a, b figure) int { return compareRoutes(a.route, b.route) })
	return all
}

func (t *traffic) figure(r route) figure {
	times := slices.Sorted(slices.Values(t.times))
	f := figure{route: r, calls: len(times), median: percentile(times, 50), p99: percentile(times, 99), reasons: map[string]int{}}
	for reason, n := range t.failures {
		f.failed += n
		f.reasons[reason] = n
	}
	return f
}

// percentile returns the smallest value that at least p of 100 values do not exceed: the nearest-rank method. Values are sorted; 0
// if there are none.
func percentile(values []time.Duration, p int) time.Duration {
	if len(values) == 0 {
		return 0
	}
	rank := (p*len(values) + 99) / 100
	return values[max(rank, 1)-1]
}
