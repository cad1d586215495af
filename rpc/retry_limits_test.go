package rpc_test

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/go-hotplug/hotplug/rpc"
	"github.com/go-hotplug/hotplug/rpc/rpctest"
)

func TestAnAnswerIsFinalWhateverItSays(t *testing.T) {
	closing := echo.Handle(func(ctx context.Context, _ string) (string, error) { return "", rpc.Caller(ctx).(*rpc.Conn).Close() })
	broken, _ := rpctest.Pair(t, nil, []rpc.Handler{closing})
	_, lost := echo.Call(t.Context(), broken, "x")
	for name, answer := range map[string]*rpc.Error{
		"unavailable":            rpc.Errorf(rpc.Unavailable, "the disk is not there"),
		"of another call":        asError(t, lost),
		"unavailable, retryable": {Code: rpc.Unavailable, Message: "not yet", Retryable: true, NotStarted: true, Origin: rpc.FromTransport},
		"exhausted, retryable":   {Code: rpc.Exhausted, Message: "no room", Retryable: true, NotStarted: true},
		"not sent":               rpc.NotSent(rpc.Unavailable, "said goodbye"),
		"canceled":               rpc.Errorf(rpc.Canceled, "gone"),
	} {
		t.Run(name, func(t *testing.T) {
			s, runs := newSwitchboard(t, time.Second), 0
			s.plugIn(handling(lookup.Handle(func(context.Context, string) (int, error) { runs++; return 0, answer })))
			_, err := lookup.Call(rpc.WithRetry(t.Context(), 5), s, "x")
			if e := asError(t, err); runs != 1 || e.Code != answer.Code || e.Message != answer.Message || rpc.Delivered(err) != rpc.PerhapsDelivered {
				t.Errorf("ran %d times: %+v", runs, e)
			}
		})
	}
}

func TestWhatIsWrongWithTheCallIsNotTriedAgain(t *testing.T) {
	const missing rpc.Query[string, int] = "greeter.look"
	const otherwise rpc.Query[int, int] = "greeter.lookup"
	refuse := func(context.Context, *rpc.Message, rpc.Direction) (*rpc.Message, error) {
		return nil, &rpc.Error{Code: rpc.Unavailable, Message: "not now", Retryable: true}
	}
	for name, c := range map[string]struct {
		call func(context.Context, rpc.Peer) error
		opt  rpc.Options
		code rpc.Code
	}{
		"no handler":    {func(ctx context.Context, p rpc.Peer) error { return failure(missing.Call(ctx, p, "x")) }, rpc.Options{}, rpc.Unimplemented},
		"another shape": {func(ctx context.Context, p rpc.Peer) error { return failure(otherwise.Call(ctx, p, 1)) }, rpc.Options{PeerHandles: []rpc.Use{lookup.Use()}}, rpc.Invalid},
		"cannot encode": {func(ctx context.Context, p rpc.Peer) error { return failure(any1.Call(ctx, p, make(chan int))) }, rpc.Options{PeerHandles: []rpc.Use{any1.Use()}}, rpc.Invalid},
		"a middleware":  {func(ctx context.Context, p rpc.Peer) error { return failure(lookup.Call(ctx, p, "x")) }, rpc.Options{PeerHandles: []rpc.Use{lookup.Use()}, Middleware: []rpc.Middleware{refuse}}, rpc.Unavailable},
		"given up before": {func(ctx context.Context, p rpc.Peer) error {
			ctx, cancel := context.WithCancel(ctx)
			cancel()
			return wave.Send(ctx, p, 1)
		}, rpc.Options{PeerHandles: []rpc.Use{wave.Use()}}, rpc.Canceled},
	} {
		t.Run(name, func(t *testing.T) {
			seen := 0
			c.opt.Observe = func(rpc.Observation) { seen++ }
			here, _ := rpctest.PairWith(t, c.opt, rpc.Options{})
			s := newSwitchboard(t, 0)
			s.set(here, nil)
			if err := c.call(t.Context(), s); rpc.CodeOf(err) != c.code || seen != 1 || rpc.Delivered(err) != rpc.NotDelivered {
				t.Errorf("%d attempts: %v, %s, delivered %s", seen, err, rpc.CodeOf(err), rpc.Delivered(err))
			}
		})
	}
}

// full plugs in a callee that takes one call at a time and is busy with one, until free is called.
func full(t *testing.T, s *switchboard) (here, there *rpc.Conn, free func()) {
	t.Helper()
	done := make(chan struct{})
	opt := handling(echo.Handle(func(ctx context.Context, text string) (string, error) {
		if text == "busy" {
			<-done
		}
		return text, nil
	}))
	opt.MaxInflight = 1
	here, there = s.plugIn(opt)
	go func() { _, _ = echo.Call(context.Background(), here, "busy") }()
	synctest.Wait()
	free = sync.OnceFunc(func() { close(done) })
	t.Cleanup(free)
	return here, there, free
}

func TestWhatAFullPeerRefusesIsTriedAgainEverLessOften(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := newSwitchboard(t, 0)
		_, there, free := full(t, s)
		answered := make(chan error, 1)
		go func() { answered <- failure(echo.Call(t.Context(), s, "x")) }()
		counts := []uint64{}
		for range 5 {
			time.Sleep(5 * time.Second)
			counts = append(counts, there.Stats().Refused)
		}
		free()
		if err := <-answered; err != nil {
			t.Error(err)
		}
		// 5 ms doubled to 640 ms are 9 attempts, then there are one to two in a second.
		if counts[0] < 9+3 || counts[0] > 9+10 || counts[4]-counts[0] < 19 || counts[4]-counts[0] > 41 {
			t.Errorf("refused after every 5 s: %d", counts)
		}
	})
}

func TestTheDeadlineBoundsAllAttempts(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := newSwitchboard(t, time.Hour)
		_, there, _ := full(t, s)
		ctx, cancel := context.WithTimeout(t.Context(), 2*time.Second)
		defer cancel()
		began := time.Now()
		_, err := echo.Call(ctx, s, "x")
		if d := time.Since(began); d != 2*time.Second || !errors.Is(err, context.DeadlineExceeded) || rpc.CodeOf(err) != rpc.Timeout {
			t.Errorf("%v, %s after %s", err, rpc.CodeOf(err), d)
		}
		want := fmt.Sprintf("test.echo: 1 calls are being handled already (limits.inflight) (attempt %d); then: test.echo: context deadline exceeded", there.Stats().Refused)
		if err.Error() != want || !errors.Is(err, rpc.Exhausted) || rpc.Delivered(err) != rpc.NotDelivered {
			t.Errorf("got %q, want %q; delivered %s", err, want, rpc.Delivered(err))
		}
	})
}

func TestACallersCancellationEndsAttempts(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := newSwitchboard(t, 0)
		full(t, s)
		ctx, cancel := context.WithCancelCause(t.Context())
		time.AfterFunc(time.Second, func() { cancel(errors.New("changed my mind")) })
		_, err := echo.Call(ctx, s, "x")
		if rpc.CodeOf(err) != rpc.Canceled || !errors.Is(err, context.Canceled) || !strings.HasSuffix(err.Error(), "; then: test.echo: changed my mind") {
			t.Errorf("%s: %v", rpc.CodeOf(err), err)
		}
	})
}

func TestTheCallTimeoutCountsFromTheFirstAttempt(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s, first, second := newSwitchboard(t, 30*time.Second), &callee{name: "first"}, &callee{name: "second"}
		answered := make(chan error, 1)
		go func() { answered <- failure(lookup.Call(t.Context(), s, "hang")) }()
		time.Sleep(time.Minute) // nobody was there: no attempt yet
		_, there := s.plugIn(first.options())
		began := time.Now()
		time.Sleep(20 * time.Second)
		there.Close()
		s.plugIn(second.options())
		err := <-answered
		if d := time.Since(began); d != 30*time.Second || rpc.CodeOf(err) != rpc.Timeout || second.runs.Load() != 1 {
			t.Errorf("after %s: %v; ran %d times more", d, err, second.runs.Load())
		}
		if want := "greeter.lookup: the peer closed the connection (attempt 2); then: greeter.lookup: no reply within the call timeout of 30s: context deadline exceeded"; errorText(err) != want {
			t.Errorf("got %q, want %q", err, want)
		}
	})
}

func TestWithoutADeadlineAttemptsEndAllTheSame(t *testing.T) {
	for name, timeout := range map[string]time.Duration{"none": 0, "a month": 30 * 24 * time.Hour} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				s := newSwitchboard(t, timeout)
				full(t, s)
				began := time.Now()
				_, err := echo.Call(t.Context(), s, "x")
				if d := time.Since(began); d != 30*time.Second || !errors.Is(err, rpc.Exhausted) || rpc.CodeOf(err) != rpc.Timeout {
					t.Errorf("after %s: %s, %v", d, rpc.CodeOf(err), err)
				}
				if want := "then: test.echo: a message without a deadline is tried again for at most 30s: context deadline exceeded"; !strings.HasSuffix(err.Error(), want) {
					t.Errorf("got %q", err)
				}
			})
		})
	}
}

func TestALostQueryWithoutADeadlineMayTakeLongTheSecondTime(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := newSwitchboard(t, 0)
		slow := func(context.Context, string) (int, error) { time.Sleep(time.Hour); return 1, nil }
		_, there := s.plugIn(handling(lookup.Handle(slow)))
		answered := make(chan error, 1)
		go func() { answered <- failure(lookup.Call(t.Context(), s, "x")) }()
		time.Sleep(30 * time.Minute)
		s.plugIn(handling(lookup.Handle(slow)))
		there.Close()
		if err := <-answered; err != nil {
			t.Error(err)
		}
	})
}

func TestThatThereIsNobodyAnyMoreEndsAttempts(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s, first := newSwitchboard(t, 0), &callee{name: "first"}
		_, there := s.plugIn(first.options())
		answered := make(chan error, 1)
		go func() { answered <- failure(lookup.Call(t.Context(), s, "hang")) }()
		synctest.Wait()
		missing := errors.New("uninstalled")
		s.set(nil, rpc.NotSent(rpc.NotFound, "no more: %w", missing))
		there.Close()
		err := <-answered
		if want := "greeter.lookup: the peer closed the connection (attempt 1); then: no more: uninstalled"; errorText(err) != want {
			t.Errorf("got %q, want %q", err, want)
		}
		if rpc.CodeOf(err) != rpc.NotFound || !errors.Is(err, rpc.Unavailable) || !errors.Is(err, missing) || rpc.Delivered(err) != rpc.PerhapsDelivered {
			t.Errorf("%s, delivered %s", rpc.CodeOf(err), rpc.Delivered(err))
		}
	})
}

func TestThatALaterAttemptDidNotRunSaysNothingOfTheEarlierOne(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s, first := newSwitchboard(t, 0), &callee{name: "first"}
		_, there := s.plugIn(first.options())
		answered := make(chan error, 1)
		go func() { answered <- failure(lookup.Call(t.Context(), s, "hang")) }()
		synctest.Wait()
		s.plugIn(rpc.Options{}) // a version that has lost the message
		there.Close()
		err := <-answered
		if rpc.CodeOf(err) != rpc.Unimplemented || rpc.Delivered(err) != rpc.PerhapsDelivered || first.runs.Load() != 1 {
			t.Errorf("%v, delivered %s", err, rpc.Delivered(err))
		}
	})
}

func TestMiddlewareAndObserveSeeEachAttempt(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s, first, second := newSwitchboard(t, 0), &callee{name: "first"}, &callee{name: "second"}
		var seen []string
		opt := rpc.Options{Observe: func(o rpc.Observation) { seen = append(seen, "observed: "+errorText(o.Err)) }}
		opt.Middleware = []rpc.Middleware{func(_ context.Context, m *rpc.Message, d rpc.Direction) (*rpc.Message, error) {
			seen = append(seen, string(d))
			m.SetHeader("attempt", fmt.Sprint(len(m.Headers)))
			return m, nil
		}}
		here, there := rpctest.PairWith(t, opt, first.options())
		s.set(here, nil)
		answered := make(chan error, 1)
		go func() { answered <- failure(lookup.Call(t.Context(), s, "hang")) }()
		synctest.Wait()
		next, peer := rpctest.PairWith(t, opt, second.options())
		there.Close()
		s.set(next, nil)
		synctest.Wait()
		peer.Close()
		s.set(nil, rpc.NotSent(rpc.Unavailable, "the end"))
		<-answered
		want := []string{"outgoing", "observed: greeter.lookup: the peer closed the connection", "outgoing", "observed: greeter.lookup: the peer closed the connection"}
		if !slices.Equal(seen, want) {
			t.Errorf("got %q", seen)
		}
	})
}

func TestNoticesOfOneSenderStayInOrderWhateverBecomesOfConnections(t *testing.T) {
	for seed := range uint64(20) {
		synctest.Test(t, func(t *testing.T) {
			s, r := newSwitchboard(t, 0), rand.New(rand.NewPCG(seed, 0))
			var mu sync.Mutex
			var got []int
			opt := handling(wave.Handle(func(_ context.Context, n int) error {
				mu.Lock()
				defer mu.Unlock()
				got = append(got, n)
				return nil
			}))
			here, _ := s.plugIn(opt)
			sent := make(chan error, 1)
			go func() {
				for n := range 300 {
					if err := wave.Send(t.Context(), s, n); err != nil {
						sent <- err
						return
					}
					time.Sleep(time.Millisecond)
				}
				sent <- nil
			}()
			for range 20 {
				time.Sleep(time.Duration(r.IntN(20)) * time.Millisecond)
				finishes[[]string{"closed", "goodbye"}[r.IntN(2)]](here)
				time.Sleep(time.Duration(r.IntN(20)) * time.Millisecond)
				here, _ = s.plugIn(opt)
			}
			if err := <-sent; err != nil {
				t.Errorf("seed %d: %v", seed, err)
			}
			synctest.Wait()
			if len(got) < 250 || !slices.IsSorted(got) || len(slices.Compact(slices.Clone(got))) != len(got) {
				t.Errorf("seed %d: %d arrived: %v", seed, len(got), got)
			}
		})
	}
}
