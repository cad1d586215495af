package rpc_test

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"runtime"
	"sync"
	"testing"
	"time"

	"github.com/go-hotplug/hotplug/rpc"
)

// Sockets are read by whoever waits, and written by whoever sends: there is no fake time here, and nothing waits for longer than it takes.

const (
	twice     rpc.Method[int, int]       = "test.twice"
	viaCaller rpc.Method[int, int]       = "test.viaCaller" // calls its caller's twice
	stay      rpc.Method[int, int]       = "test.stay"      // until the caller gives up
	blob      rpc.Method[[]byte, []byte] = "test.blob"
	numbered  rpc.Notice[int]            = "test.numbered"
	below     rpc.Stream[int, int]       = "test.below"
)

// ends are the two ends of a socket, each of which answers everything.
func ends(t *testing.T, near rpc.Options) (a, b *rpc.Conn, notices chan int) {
	t.Helper()
	left, right := unixPair(t)
	notices = make(chan int, 1024)
	mux := rpc.NewMux(
		twice.Handle(func(_ context.Context, n int) (int, error) { return 2 * n, nil }),
		viaCaller.Handle(func(ctx context.Context, n int) (int, error) { return twice.Call(ctx, rpc.Caller(ctx), n) }),
		stay.Handle(func(ctx context.Context, _ int) (int, error) { <-ctx.Done(); return 0, ctx.Err() }),
		blob.Handle(func(_ context.Context, b []byte) ([]byte, error) { return b, nil }),
		numbered.Handle(func(_ context.Context, n int) error { notices <- n; return nil }),
		below.Handle(func(_ context.Context, n int, send func(int) error) error {
			for i := range n {
				if err := send(i); err != nil {
					return err
				}
			}
			return nil
		}),
	)
	near.Handlers = mux
	a = rpc.NewConn(context.Background(), left, near)
	b = rpc.NewConn(context.Background(), right, rpc.Options{Handlers: mux, Side: rpc.FromPlugin})
	t.Cleanup(func() {
		a.Close()
		b.Close()
	})
	return a, b, notices
}

func TestEachOfManyCallersOnASocketGetsItsOwnAnswerInBothDirections(t *testing.T) {
	a, b, _ := ends(t, rpc.Options{CallTimeout: time.Minute})
	var all sync.WaitGroup
	for i := range 48 {
		from := a
		if i%3 == 0 {
			from = b
		}
		all.Go(func() {
			for n := range 60 {
				if err := oneOf(t.Context(), from, i, n); err != nil {
					t.Errorf("caller %d, call %d: %v", i, n, err)
					return
				}
			}
		})
	}
	all.Wait()
	for _, c := range []*rpc.Conn{a, b} {
		if s := c.Stats(); s.Pending > 0 {
			t.Errorf("%+v", s)
		}
	}
}

// oneOf makes one of several sorts of calls and checks the answer.
func oneOf(ctx context.Context, from *rpc.Conn, caller, n int) error {
	switch (caller + n) % 5 {
	case 0:
		want := make([]byte, (n%3)*100_000)
		got, err := blob.Call(ctx, from, want)
		if err == nil && len(got) != len(want) {
			err = fmt.Errorf("%d bytes, want %d", len(got), len(want))
		}
		return err
	case 1:
		sum := 0
		for item, err := range below.Open(ctx, from, n) {
			if err != nil {
				return err
			}
			sum += item
		}
		if sum != n*(n-1)/2 {
			return fmt.Errorf("items up to %d sum up to %d", n, sum)
		}
		return nil
	case 2:
		if got, err := viaCaller.Call(ctx, from, n); err != nil || got != 2*n {
			return fmt.Errorf("viaCaller %d: %d, %w", n, got, err)
		}
		return nil
	case 3:
		limited, cancel := context.WithTimeout(ctx, time.Duration(n)*10*time.Microsecond)
		defer cancel()
		if _, err := stay.Call(limited, from, n); !errors.Is(err, rpc.Timeout) {
			return fmt.Errorf("a call that is given up: %w", err)
		}
		return nil
	}
	if got, err := twice.Call(ctx, from, n); err != nil || got != 2*n {
		return fmt.Errorf("twice %d: %d, %w", n, got, err)
	}
	return nil
}

func TestACallThatReadsForAllReturnsWhenItsContextEndsAndAnotherReadsOn(t *testing.T) {
	a, _, _ := ends(t, rpc.Options{})
	for range 100 {
		ctx, cancel := context.WithCancel(t.Context())
		over := make(chan error)
		go func() {
			_, err := stay.Call(ctx, a, 1)
			over <- err
		}()
		other := make(chan error)
		go func() {
			_, err := twice.Call(t.Context(), a, 1)
			other <- err
		}()
		cancel()
		if err := <-over; !errors.Is(err, rpc.Canceled) {
			t.Fatalf("the call that was cancelled: %v", err)
		}
		if err := <-other; err != nil {
			t.Fatalf("the other call: %v", err)
		}
	}
}

func TestTheCallTimeoutEndsACallThatReads(t *testing.T) {
	a, b, _ := ends(t, rpc.Options{CallTimeout: time.Millisecond})
	for range 20 {
		_, err := stay.Call(context.Background(), a, 1)
		if !errors.Is(err, rpc.Timeout) || !errors.Is(err, context.DeadlineExceeded) {
			t.Fatal(err)
		}
	}
	if err := b.Drain(t.Context()); err != nil { // the handlers were told
		t.Error(err)
	}
}

func TestAHandlerThatBlocksHoldsUpNoOtherCallOfItsSocket(t *testing.T) {
	a, _, _ := ends(t, rpc.Options{})
	ctx, cancel := context.WithCancel(t.Context())
	var all sync.WaitGroup
	for range 10 {
		all.Go(func() { _, _ = stay.Call(ctx, a, 1) })
		if got, err := twice.Call(t.Context(), a, 4); err != nil || got != 8 {
			t.Errorf("%d, %v", got, err)
		}
	}
	cancel()
	all.Wait()
}

func TestAnEndThatCallsWithoutPauseSeesNoticesAndPings(t *testing.T) {
	a, b, notices := ends(t, rpc.Options{})
	ctx, cancel := context.WithCancel(t.Context())
	var caller sync.WaitGroup
	caller.Go(func() {
		for ctx.Err() == nil {
			_, _ = twice.Call(ctx, a, 1)
		}
	})
	for n := range 100 {
		if err := numbered.Send(t.Context(), b, n); err != nil {
			t.Fatal(err)
		}
		if got := <-notices; got != n {
			t.Fatalf("notice %d, want %d", got, n)
		}
		if _, err := b.Ping(t.Context()); err != nil {
			t.Fatal(err)
		}
	}
	cancel()
	caller.Wait()
}

func TestAnEndThatHasCalledSeesTheOtherOneClose(t *testing.T) {
	a, b, _ := ends(t, rpc.Options{})
	if _, err := twice.Call(t.Context(), a, 1); err != nil {
		t.Fatal(err)
	}
	b.Close()
	<-a.Done()
	if !errors.Is(a.Err(), io.EOF) {
		t.Error(a.Err())
	}
}

func TestAPeerThatReadsNothingKeepsNoCallPastItsDeadline(t *testing.T) {
	left, right := unixPair(t)
	defer right.Close()
	a := rpc.NewConn(context.Background(), left, rpc.Options{})
	defer a.Close()
	var all sync.WaitGroup
	for range 8 { // more than the kernel and the outbox hold
		all.Go(func() {
			ctx, cancel := context.WithTimeout(t.Context(), 20*time.Millisecond)
			defer cancel()
			if _, err := blob.Call(ctx, a, make([]byte, 1<<20)); !errors.Is(err, rpc.Timeout) {
				t.Error(err)
			}
		})
	}
	all.Wait()
}

func TestAFrameThatArrivesInPiecesOutlivesCallsThatGiveUpMeanwhile(t *testing.T) {
	left, right := unixPair(t)
	a := rpc.NewConn(context.Background(), left, rpc.Options{})
	defer a.Close()
	b := rpc.NewConn(context.Background(), &piecewise{Conn: right}, handling(twice.Handle(func(_ context.Context, n int) (int, error) { return 2 * n, nil })))
	defer b.Close()
	for n := range 50 {
		ctx, cancel := context.WithTimeout(t.Context(), time.Duration(n)*20*time.Microsecond)
		_, _ = twice.Call(ctx, a, n) // it may have been reading, and given up in the middle of a frame
		cancel()
		if got, err := twice.Call(t.Context(), a, n); err != nil || got != 2*n {
			t.Fatalf("%d: %d, %v", n, got, err)
		}
	}
}

// piecewise writes one byte at a time. It is no socket to look at: the textbook reader and writer are at that end.
type piecewise struct{ net.Conn }

func (p *piecewise) Write(b []byte) (int, error) {
	for i := range b {
		if n, err := p.Conn.Write(b[i : i+1]); err != nil {
			return i + n, err
		}
	}
	return len(b), nil
}

func TestAHandlerThatEndsItsGoroutineLeavesTheConnectionRead(t *testing.T) {
	left, right := unixPair(t)
	a := rpc.NewConn(context.Background(), left, rpc.Options{Handlers: rpc.NewMux(twice.Handle(func(_ context.Context, n int) (int, error) { return 2 * n, nil }))})
	defer a.Close()
	b := rpc.NewConn(context.Background(), right, handling(
		stay.Handle(func(ctx context.Context, n int) (int, error) {
			if n > 0 {
				_, _ = twice.Call(ctx, rpc.Caller(ctx), n) // takes the turn of this handler
			}
			runtime.Goexit()
			return 0, nil
		}),
		twice.Handle(func(_ context.Context, n int) (int, error) { return 2 * n, nil }),
	))
	defer b.Close()
	for n := range 20 {
		if _, err := stay.Call(t.Context(), a, n%2); !errors.Is(err, rpc.Internal) {
			t.Fatal(err)
		}
		if got, err := twice.Call(t.Context(), a, n); err != nil || got != 2*n {
			t.Fatalf("%d, %v", got, err)
		}
	}
}

func TestAHandlerThatWaitsForAnotherRequestGetsIt(t *testing.T) {
	left, right := unixPair(t)
	a := rpc.NewConn(context.Background(), left, rpc.Options{})
	defer a.Close()
	second := make(chan int)
	b := rpc.NewConn(context.Background(), right, handling(
		stay.Handle(func(context.Context, int) (int, error) { return <-second, nil }),
		twice.Handle(func(_ context.Context, n int) (int, error) { second <- n; return 2 * n, nil }),
	))
	defer b.Close()
	for n := range 20 {
		first := make(chan int)
		go func() {
			got, err := stay.Call(t.Context(), a, 0)
			if err != nil {
				t.Error(err)
			}
			first <- got
		}()
		for a.Stats().Pending == 0 {
			runtime.Gosched()
		}
		if _, err := twice.Call(t.Context(), a, n); err != nil {
			t.Fatal(err)
		}
		if got := <-first; got != n {
			t.Fatalf("%d, want %d", got, n)
		}
	}
}

func TestACallerThatReadsGoesOnReadingAfterAReport(t *testing.T) {
	left, right := unixPair(t)
	a := rpc.NewConn(context.Background(), left, rpc.Options{})
	defer a.Close()
	b := rpc.NewConn(context.Background(), right, handling(stay.Handle(func(ctx context.Context, n int) (int, error) {
		rpc.Report(ctx, rpc.Progress{Done: int64(n)})
		time.Sleep(time.Millisecond) // the report travels by itself
		return n, nil
	})))
	defer b.Close()
	for n := range 50 {
		reports := 0
		got, err := stay.Call(rpc.OnProgress(t.Context(), func(rpc.Progress) { reports++ }), a, n)
		if err != nil || got != n || reports != 1 {
			t.Fatalf("%d, %v, %d reports", got, err, reports)
		}
	}
}

func TestACallerWhoseProgressPanicsLeavesTheConnectionRead(t *testing.T) {
	left, right := unixPair(t)
	a := rpc.NewConn(context.Background(), left, rpc.Options{})
	defer a.Close()
	b := rpc.NewConn(context.Background(), right, handling(
		stay.Handle(func(ctx context.Context, n int) (int, error) {
			rpc.Report(ctx, rpc.Progress{Done: int64(n)})
			<-ctx.Done()
			return 0, ctx.Err()
		}),
		twice.Handle(func(_ context.Context, n int) (int, error) { return 2 * n, nil }),
	))
	defer b.Close()
	var all sync.WaitGroup
	for range 8 {
		all.Go(func() {
			for n := range 100 {
				if got, err := twice.Call(t.Context(), a, n); err != nil || got != 2*n {
					t.Errorf("%d, %v", got, err)
				}
			}
		})
		all.Go(func() {
			for range 20 {
				func() {
					defer func() {
						if recover() == nil {
							t.Error("no panic")
						}
					}()
					_, _ = stay.Call(rpc.OnProgress(t.Context(), func(rpc.Progress) { panic("progress") }), a, 1)
				}()
			}
		})
	}
	all.Wait()
	if got, err := twice.Call(t.Context(), a, 4); err != nil || got != 8 {
		t.Errorf("%d, %v", got, err)
	}
}

func TestCloseWaitsForNoHandlerThatItsReaderRuns(t *testing.T) {
	release, running := make(chan struct{}), make(chan struct{})
	defer close(release)
	left, right := unixPair(t)
	c := rpc.NewConn(context.Background(), left, rpc.Options{})
	d := rpc.NewConn(context.Background(), right, handling(stay.Handle(func(context.Context, int) (int, error) {
		close(running)
		<-release // whatever its context says
		return 0, nil
	})))
	go func() { _, _ = stay.Call(context.Background(), c, 0) }()
	<-running
	d.Close()
	c.Close()
}

func TestAnAnswerThatCameOfTheDeadlineIsToldInTheCallersOwnWords(t *testing.T) {
	a, _, _ := ends(t, rpc.Options{})
	own := errors.New("the caller's own reason")
	for range 50 {
		ctx, cancel := context.WithTimeoutCause(t.Context(), time.Millisecond, own)
		if _, err := stay.Call(ctx, a, 1); !errors.Is(err, rpc.Timeout) || !errors.Is(err, own) {
			t.Error(err)
		}
		cancel()
	}
}
