package rpc_test

import (
	"context"
	"fmt"
	"math/rand/v2"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/go-hotplug/hotplug/internal/pipe"
	"github.com/go-hotplug/hotplug/rpc"
)

// A storm is calls over connections that are lost all the time, and a count of what ran.
type storm struct {
	*switchboard

	mu   sync.Mutex // guards all below
	rand *rand.Rand
	runs map[string]int // by the id that the text of a call begins with
	ends []end
	here *rpc.Conn // rage's alone
}

// An end is what a caller was told.
type end struct {
	id, claim string
	most      int // runs
	err       error
}

// chance is one of n, and a moment of up to most.
func (s *storm) chance(n int, most time.Duration) (int, time.Duration) {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.rand.IntN(n), time.Duration(s.rand.Int64N(int64(most)))
}

// run is every handler: what is called counts, takes a while, and fails now and then.
func (s *storm) run(ctx context.Context, text string) error {
	s.mu.Lock()
	s.runs[text[:strings.Index(text, " ")]]++
	s.mu.Unlock()
	how, moment := s.chance(8, 20*time.Millisecond)
	select {
	case <-time.After(moment):
	case <-ctx.Done():
	}
	switch how {
	case 0:
		return rpc.NotSent(rpc.Unavailable, "an answer that looks like a lost connection")
	case 1:
		return &rpc.Error{Code: rpc.Exhausted, Message: "an answer that looks like a full peer", Retryable: true, NotStarted: true}
	}
	return nil
}

// connect replaces the connection. Its pipe holds little, so that requests are cut, or never leave.
func (s *storm) connect() {
	left, right := pipe.New(2000)
	opt := handling(
		echo.Handle(func(ctx context.Context, text string) (string, error) { return "", s.run(ctx, text) }),
		lookup.Handle(func(ctx context.Context, text string) (int, error) { return 0, s.run(ctx, text) }))
	opt.MaxInflight = 4
	s.here = rpc.NewConn(context.Background(), left, rpc.Options{})
	there := rpc.NewConn(context.Background(), right, opt)
	s.t.Cleanup(func() { left.Close(); right.Close(); there.Close() })
	s.set(s.here, nil)
}

// rage loses n connections, one in each of the ways in which it happens.
func (s *storm) rage(n int) {
	for range n {
		how, moment := s.chance(4, 30*time.Millisecond)
		time.Sleep(moment)
		old := s.here
		switch how {
		case 0:
			old.Close()
		case 1:
			_ = old.Goodbye(context.Background(), rpc.Goodbye{Then: rpc.GoodbyeStop})
		case 2:
			old.CancelCalls(rpc.Unavailable, "the drain time-out has passed")
			old.Close()
		case 3: // the next one is there before this one goes
			s.connect()
			old.Close()
			continue
		}
		_, pause := s.chance(1, 20*time.Millisecond)
		time.Sleep(pause)
		s.connect()
	}
}

// TestNothingRunsMoreOftenThanItMayWhateverBecomesOfConnections holds a counter in the callee against what callers are told.
func TestNothingRunsMoreOftenThanItMayWhateverBecomesOfConnections(t *testing.T) {
	tried := map[string]int{} // by claim: calls that show that it is not kept in vain
	for seed := range uint64(40) {
		synctest.Test(t, func(t *testing.T) {
			s := &storm{switchboard: newSwitchboard(t, 0), rand: rand.New(rand.NewPCG(seed, 1)), runs: map[string]int{}}
			s.connect()
			var wg sync.WaitGroup
			for caller := range 8 {
				wg.Go(func() {
					for n := range 25 {
						s.call(t.Context(), fmt.Sprintf("%d/%d", caller, n))
					}
				})
			}
			s.rage(15)
			wg.Wait()
			time.Sleep(time.Second) // what was sent has arrived by now
			for _, e := range s.ends {
				s.judge(t, e, tried)
			}
		})
	}
	for _, claim := range []string{"a method", "a method that may run twice more", "a query", "answered", "not delivered"} {
		if tried[claim] == 0 {
			t.Errorf("no call put this to the test: %s", claim)
		}
	}
}

func (s *storm) call(ctx context.Context, id string) {
	kind, limit := s.chance(3, time.Second)
	ctx, cancel := context.WithTimeout(ctx, limit)
	defer cancel()
	text := id + " " + strings.Repeat("x", int(limit)%3000)
	e := end{id: id}
	switch kind {
	case 0:
		e.claim, e.most, e.err = "a method", 1, failure(echo.Call(ctx, s, text))
	case 1:
		e.claim, e.most, e.err = "a method that may run twice more", 3, failure(echo.Call(rpc.WithRetry(ctx, 2), s, text))
	case 2:
		e.claim, e.most, e.err = "a query", 4, failure(lookup.Call(ctx, s, text))
	}
	s.mu.Lock()
	s.ends = append(s.ends, e)
	s.mu.Unlock()
}

func (s *storm) judge(t *testing.T, e end, tried map[string]int) {
	t.Helper()
	runs := s.runs[e.id]
	if runs == e.most {
		tried[e.claim]++
	}
	switch {
	case runs > e.most:
		t.Errorf("%s ran %d times: %v", e.claim, runs, e.err)
	case e.err == nil:
		tried["answered"]++
		if runs == 0 {
			t.Errorf("%s was answered, and did not run", e.claim)
		}
	case rpc.Delivered(e.err) == rpc.NotDelivered:
		tried["not delivered"]++
		if runs != 0 {
			t.Errorf("%s was not delivered, and ran %d times: %v", e.claim, runs, e.err)
		}
	}
}
