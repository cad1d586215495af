package rpc_test

import (
	"context"
	"errors"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/go-hotplug/hotplug/rpc"
	"github.com/go-hotplug/hotplug/rpc/rpctest"
)

// A switchboard puts calls through to whoever is plugged in.
type switchboard struct {
	t testing.TB
	*rpc.Retrier

	mu      sync.Mutex // guards all below
	live    *rpc.Conn
	changed chan struct{} // closed and replaced by every change
	final   error         // there will be nobody
}

func newSwitchboard(t testing.TB, callTimeout time.Duration) *switchboard {
	s := &switchboard{t: t, changed: make(chan struct{})}
	s.Retrier = rpc.NewRetrier(s.pick, callTimeout)
	return s
}

func (s *switchboard) pick(ctx context.Context, _ string, not rpc.Peer) (rpc.Peer, error) {
	for {
		s.mu.Lock()
		live, changed, final := s.live, s.changed, s.final
		s.mu.Unlock()
		switch {
		case final != nil:
			return nil, final
		case live != nil && rpc.Peer(live) != not:
			return live, nil
		}
		select {
		case <-changed:
		case <-ctx.Done():
			return nil, rpc.NotSent(rpc.CodeOf(ctx.Err()), "nobody is there: %w", context.Cause(ctx))
		}
	}
}

func (s *switchboard) set(live *rpc.Conn, final error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.live, s.final = live, final
	close(s.changed)
	s.changed = make(chan struct{})
}

// plugIn makes a connection to an end with these handlers, and puts calls through to it from now on.
func (s *switchboard) plugIn(there rpc.Options) (here, peer *rpc.Conn) {
	here, peer = rpctest.PairWith(s.t, rpc.Options{Side: rpc.FromHost}, there)
	s.set(here, nil)
	return here, peer
}

// A callee counts what runs, and answers a text with its name. The text "hang" is never answered.
type callee struct {
	name string
	runs atomic.Int32
}

func (c *callee) options(more ...rpc.Handler) rpc.Options {
	return handling(append(more,
		echo.Handle(func(ctx context.Context, text string) (string, error) { return c.name, c.run(ctx, text) }),
		lookup.Handle(func(ctx context.Context, text string) (int, error) { return len(c.name), c.run(ctx, text) }))...)
}

func (c *callee) run(ctx context.Context, text string) error {
	c.runs.Add(1)
	if text != "hang" {
		return nil
	}
	<-rpc.Caller(ctx).(*rpc.Conn).Done()
	return context.Cause(ctx)
}

// ways to make sure that a connection takes nothing more.
var finishes = map[string]func(*rpc.Conn){
	"closed":  func(c *rpc.Conn) { c.Close() },
	"goodbye": func(c *rpc.Conn) { _ = c.Goodbye(context.Background(), rpc.Goodbye{Then: rpc.GoodbyeStop}) },
}

func TestWhatNeverLeftIsTriedAgainOnTheNextConnection(t *testing.T) {
	for name, end := range finishes {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				s, waves, second := newSwitchboard(t, 0), make(chan int, 1), &callee{name: "second"}
				onWave := wave.Handle(func(_ context.Context, n int) error { waves <- n; return nil })
				here, _ := s.plugIn((&callee{name: "first"}).options(onWave))
				end(here)
				answered, sent := make(chan string, 1), make(chan error, 1)
				go func() { text, err := echo.Call(t.Context(), s, "x"); answered <- text + errorText(err) }()
				go func() { sent <- wave.Send(t.Context(), s, 7) }()
				time.Sleep(3 * time.Second)
				s.plugIn(second.options(onWave))
				if text := <-answered; text != "second" || second.runs.Load() != 1 {
					t.Errorf("got %q, ran %d times", text, second.runs.Load())
				}
				if err := <-sent; err != nil || <-waves != 7 {
					t.Errorf("notice: %v", err)
				}
			})
		})
	}
}

func errorText(err error) string {
	if err == nil {
		return ""
	}
	return err.Error()
}

// lose makes a call that hangs, ends its connection, and plugs the next callee in; it returns what becomes of the call.
func lose(t *testing.T, s *switchboard, first, second *callee, call func() error) error {
	t.Helper()
	_, there := s.plugIn(first.options())
	result := make(chan error, 1)
	go func() { result <- call() }()
	synctest.Wait()
	if first.runs.Load() != 1 {
		t.Fatalf("ran %d times", first.runs.Load())
	}
	there.Close()
	s.plugIn(second.options())
	return <-result
}

func TestAMethodThatMayHaveRunIsNotSentAgain(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s, first, second := newSwitchboard(t, 0), &callee{name: "first"}, &callee{name: "second"}
		err := lose(t, s, first, second, func() error { return failure(echo.Call(t.Context(), s, "hang")) })
		if !errors.Is(err, rpc.Unavailable) || rpc.Delivered(err) != rpc.PerhapsDelivered || second.runs.Load() != 0 {
			t.Errorf("got %v, delivered %s; ran %d times more", err, rpc.Delivered(err), second.runs.Load())
		}
		if want := "test.echo: the peer closed the connection"; errorText(err) != want {
			t.Errorf("got %q, want %q", errorText(err), want)
		}
	})
}

// failure is the error of a call whose result does not matter.
func failure[T any](_ T, err error) error { return err }

func TestAQueryThatMayHaveRunIsAskedAgain(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s, first, second := newSwitchboard(t, 0), &callee{name: "first"}, &callee{name: "second"}
		err := lose(t, s, first, second, func() error {
			ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
			defer cancel()
			return failure(lookup.Call(ctx, s, "hang"))
		})
		if !errors.Is(err, rpc.Timeout) || second.runs.Load() != 1 || rpc.Delivered(err) != rpc.PerhapsDelivered {
			t.Errorf("got %v, delivered %s; ran %d times more", err, rpc.Delivered(err), second.runs.Load())
		}
		if want := "greeter.lookup: the peer closed the connection (attempt 2); then: greeter.lookup: context deadline exceeded"; errorText(err) != want {
			t.Errorf("got %q, want %q", errorText(err), want)
		}
	})
}

// crashing plugs in a callee whose connection ends with each call, while the next one is there already. It counts the calls.
func crashing(s *switchboard) *int {
	runs := new(int)
	var there rpc.Options
	crash := func(ctx context.Context) {
		*runs++
		s.plugIn(there)
		rpc.Caller(ctx).(*rpc.Conn).Close()
	}
	there = handling(
		echo.Handle(func(ctx context.Context, _ string) (string, error) { crash(ctx); return "", nil }),
		lookup.Handle(func(ctx context.Context, _ string) (int, error) { crash(ctx); return 0, nil }))
	s.plugIn(there)
	return runs
}

// TestALostMessageIsSentAgainAsOftenAsItMayBe has each attempt end its connection: so does a request that crashes a plugin.
func TestALostMessageIsSentAgainAsOftenAsItMayBe(t *testing.T) {
	method := func(ctx context.Context, p rpc.Peer) error { return failure(echo.Call(ctx, p, "x")) }
	query := func(ctx context.Context, p rpc.Peer) error { return failure(lookup.Call(ctx, p, "x")) }
	plain := func(ctx context.Context) context.Context { return ctx }
	with := func(n int) func(context.Context) context.Context {
		return func(ctx context.Context) context.Context { return rpc.WithRetry(ctx, n) }
	}
	for name, c := range map[string]struct {
		call  func(context.Context, rpc.Peer) error
		under func(context.Context) context.Context
		runs  int
		text  string
	}{
		"method":                 {method, plain, 1, "test.echo: the peer closed the connection"},
		"method, two more":       {method, with(2), 3, "test.echo: the peer closed the connection (attempt 3)"},
		"method, less than none": {method, with(-1), 1, "test.echo: the peer closed the connection"},
		"query":                  {query, plain, 4, "greeter.lookup: the peer closed the connection (attempt 4)"},
		"query, one more":        {query, with(1), 2, "greeter.lookup: the peer closed the connection (attempt 2)"},
		"query, never":           {query, with(0), 1, "greeter.lookup: the peer closed the connection"},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				s := newSwitchboard(t, 0)
				runs := crashing(s)
				err := c.call(c.under(t.Context()), s)
				if *runs != c.runs || errorText(err) != c.text || rpc.CodeOf(err) != rpc.Unavailable || rpc.Delivered(err) != rpc.PerhapsDelivered {
					t.Errorf("ran %d times, want %d: %v, %s, delivered %s", *runs, c.runs, err, rpc.CodeOf(err), rpc.Delivered(err))
				}
			})
		})
	}
}

func TestAStreamIsOpenedOnTheNextConnectionAndEndsWithIt(t *testing.T) {
	const ticks rpc.Stream[int, int] = "test.ticks"
	synctest.Test(t, func(t *testing.T) {
		s, runs := newSwitchboard(t, time.Second), 0
		opt := handling(ticks.Handle(func(ctx context.Context, n int, send func(int) error) error {
			runs++
			err := send(n)
			<-ctx.Done()
			return err
		}))
		here, _ := s.plugIn(opt)
		finishes["goodbye"](here)
		var items []int
		var last error
		over := make(chan struct{})
		go func() {
			defer close(over)
			for item, err := range ticks.Open(rpc.WithRetry(t.Context(), 5), s, 7) {
				if last = err; err == nil {
					items = append(items, item)
				}
			}
		}()
		time.Sleep(3 * time.Second)
		_, there := s.plugIn(opt)
		time.Sleep(time.Hour) // the call time-out does not hold
		s.plugIn(opt)
		there.Close()
		<-over
		if len(items) != 1 || items[0] != 7 || runs != 1 || errorText(last) != "test.ticks: the peer closed the connection" || rpc.Delivered(last) != rpc.PerhapsDelivered {
			t.Errorf("items %v, ran %d times: %v", items, runs, last)
		}
	})
}
