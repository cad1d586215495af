package rpc_test

import (
	"context"
	"errors"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/go-hotplug/hotplug/internal/wire"
	"github.com/go-hotplug/hotplug/rpc"
	"github.com/go-hotplug/hotplug/rpc/rpctest"
)

func TestAContextThatHasEndedSendsNothing(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := rawPeer(t, rpc.Options{})
		canceled, cancel := context.WithCancel(t.Context())
		cancel()
		expired, cancel := context.WithDeadline(t.Context(), time.Now().Add(-time.Second))
		defer cancel()
		for range 50 { // a choice between two ready channels would hide it half of the time
			for ctx, code := range map[context.Context]rpc.Code{canceled: rpc.Canceled, expired: rpc.Timeout} {
				_, called := lookup.Call(ctx, r.conn, "x")
				sent := wave.Send(ctx, r.conn, 1)
				for _, err := range []error{called, sent} {
					if !errors.Is(err, code) || rpc.Delivered(err) != rpc.NotDelivered {
						t.Fatalf("got %v, delivered %s", err, rpc.Delivered(err))
					}
				}
			}
		}
		r.send(wire.Frame{Kind: wire.Ping}, nil)
		if f := r.next(); f.Kind != wire.Pong {
			t.Fatalf("a %s was sent", f.Kind)
		}
	})
}

// plug fills the pipe and the outbox with a notice that nobody reads.
func plug(t *testing.T, r *raw) {
	t.Helper()
	if err := story.Send(t.Context(), r.conn, strings.Repeat("x", 200_000)); err != nil {
		t.Fatal(err)
	}
	synctest.Wait()
}

// fill makes senders wait: the outbox takes 1 MiB beside what is being written.
func fill(t *testing.T, r *raw) {
	t.Helper()
	for range 7 {
		plug(t, r)
	}
}

func TestARequestThatIsStillQueuedIsWithdrawnAndNotDelivered(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := rawPeer(t, rpc.Options{})
		plug(t, r)
		ctx, cancel := context.WithTimeout(t.Context(), time.Second)
		defer cancel()
		_, err := lookup.Call(ctx, r.conn, "x")
		if !errors.Is(err, rpc.Timeout) || rpc.Delivered(err) != rpc.NotDelivered {
			t.Fatalf("got %v, delivered %s", err, rpc.Delivered(err))
		}
		r.send(wire.Frame{Kind: wire.Ping, Tx: wire.Tx{N: 1}}, nil)
		if f := r.next(); f.Kind != wire.Notice {
			t.Fatalf("got %+v", f)
		}
		if f := r.next(); f.Kind != wire.Pong {
			t.Fatalf("a withdrawn request was written: %+v", f)
		}
	})
}

func TestARequestThatLeftIsCancelledThere(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := rawPeer(t, rpc.Options{})
		ctx, cancel := context.WithCancelCause(t.Context())
		result := make(chan error, 1)
		go func() { _, err := lookup.Call(ctx, r.conn, "x"); result <- err }()
		tx := r.next().Tx
		cancel(errors.New("the user closed the window"))
		err := <-result
		if !errors.Is(err, rpc.Canceled) || rpc.Delivered(err) != rpc.PerhapsDelivered || err.Error() != "greeter.lookup: the user closed the window" {
			t.Fatalf("got %v, delivered %s", err, rpc.Delivered(err))
		}
		if f := r.next(); f.Kind != wire.Cancel || f.Tx != tx {
			t.Fatalf("got %+v", f)
		}
	})
}

func TestARequestCutByTheConnectionsEndIsPerhapsDelivered(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := rawPeer(t, rpc.Options{})
		result := make(chan error, 2)
		go func() { _, err := echo.Call(t.Context(), r.conn, strings.Repeat("x", 100_000)); result <- err }()
		synctest.Wait() // more than the pipe holds: a part of it is written
		r.stream.Close()
		if err := <-result; !errors.Is(err, rpc.Unavailable) || rpc.Delivered(err) != rpc.PerhapsDelivered {
			t.Fatalf("got %v, delivered %s", err, rpc.Delivered(err))
		}
	})
}

func TestARequestQueuedBehindAnotherIsNotDeliveredWhenTheConnectionEnds(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := rawPeer(t, rpc.Options{})
		plug(t, r)
		result := make(chan error, 1)
		go func() { _, err := lookup.Call(t.Context(), r.conn, "x"); result <- err }()
		synctest.Wait()
		r.conn.Close()
		if err := <-result; !errors.Is(err, rpc.Unavailable) || rpc.Delivered(err) != rpc.NotDelivered {
			t.Fatalf("got %v, delivered %s", err, rpc.Delivered(err))
		}
	})
}

func TestGoodbyeRefusesRootCallsAndAllowsNestedOnes(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		begin := make(chan struct{})
		a, b := rpctest.Pair(t, []rpc.Handler{lookup.Handle(func(context.Context, string) (int, error) { return 7, nil }), wave.Handle(func(context.Context, int) error { return nil })},
			[]rpc.Handler{greet.Handle(func(ctx context.Context, _ greetRequest) (greeting, error) {
				<-begin
				if err := wave.Send(ctx, rpc.Caller(ctx), 1); err != nil {
					return greeting{}, err
				}
				_, err := lookup.Call(ctx, rpc.Caller(ctx), "x")
				return greeting{}, err
			})})
		result := make(chan error, 1)
		go func() { _, err := greet.Call(t.Context(), a, greetRequest{}); result <- err }()
		synctest.Wait()
		if err := b.Goodbye(t.Context(), rpc.Goodbye{Then: rpc.GoodbyeStop}); err != nil {
			t.Fatal(err)
		}
		_, called := lookup.Call(t.Context(), b, "x")
		for _, err := range []error{called, wave.Send(t.Context(), b, 1)} {
			if !errors.Is(err, rpc.Unavailable) || rpc.Delivered(err) != rpc.NotDelivered || !strings.Contains(err.Error(), "this side has said goodbye and starts nothing new") {
				t.Errorf("got %v", err)
			}
		}
		close(begin)
		if err := <-result; err != nil {
			t.Errorf("the call that ran: %v", err)
		}
		if _, err := greet.Call(t.Context(), a, greetRequest{}); err != nil {
			t.Errorf("a call of the other side: %v", err)
		}
	})
}

// TestNoRootFrameFollowsAGoodbye: a peer that has read it may leave as soon as it is idle.
func TestNoRootFrameFollowsAGoodbye(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := rawPeer(t, rpc.Options{})
		fill(t, r)
		var wg sync.WaitGroup
		for range 20 {
			wg.Go(func() {
				if _, err := lookup.Call(t.Context(), r.conn, "x"); rpc.CodeOf(err) != rpc.Unavailable {
					t.Errorf("got %v", err)
				}
			})
		}
		wg.Go(func() { _ = wave.Send(t.Context(), r.conn, 1) })
		synctest.Wait() // they wait for room, and the goodbye with them
		wg.Go(func() { _ = r.conn.Goodbye(t.Context(), rpc.Goodbye{Then: rpc.GoodbyeStop}) })
		synctest.Wait()
		for f := r.next(); f.Kind != wire.Goodbye; f = r.next() {
		}
		synctest.Wait()
		r.send(wire.Frame{Kind: wire.Ping}, nil)
		if f := r.next(); f.Kind != wire.Pong {
			t.Errorf("a %s follows the goodbye", f.Kind)
		}
		r.conn.Close()
		wg.Wait()
	})
}

func TestDrainGivesUpAtItsDeadlineAndSaysWhatRuns(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := rawPeer(t, handling(blocking(t)))
		r.send(request(1), greetRequest{})
		go func() { _, _ = lookup.Call(t.Context(), r.conn, "x") }()
		synctest.Wait()
		ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
		defer cancel()
		start := time.Now()
		err := r.conn.Drain(ctx)
		if !errors.Is(err, context.DeadlineExceeded) || !strings.Contains(err.Error(), "1 handlers and 1 calls are still running") || time.Since(start) != time.Minute {
			t.Errorf("after %s: %v", time.Since(start), err)
		}
		r.conn.CancelHandlers()
		r.send(wire.Frame{Kind: wire.Result, Tx: wire.Tx{N: 1}}, 1)
		if err := r.conn.Drain(t.Context()); err != nil {
			t.Errorf("got %v", err)
		}
		r.conn.Close()
		if err := r.conn.Drain(t.Context()); err != nil {
			t.Errorf("after the end: %v", err)
		}
	})
}

func TestCancelHandlersEndsANoticeTooAndTheNextIsHandled(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		handled := 0
		r := rawPeer(t, handling(blocking(t), wave.Handle(func(ctx context.Context, n int) error {
			if handled++; n == 1 {
				<-ctx.Done()
			}
			return ctx.Err()
		})))
		r.send(notice(1), 1)
		r.send(notice(2), 2)
		r.send(request(1), greetRequest{})
		synctest.Wait()
		r.conn.CancelHandlers()
		if err := r.conn.Drain(t.Context()); err != nil || handled != 2 {
			t.Errorf("%d notices were handled: %v", handled, err)
		}
	})
}

func TestANoticeThatCannotLeaveInTimeIsExhausted(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := rawPeer(t, rpc.Options{})
		fill(t, r)
		ctx, cancel := context.WithTimeout(t.Context(), time.Second)
		defer cancel()
		var wg sync.WaitGroup
		for range 2 { // one has the turn, one waits for it
			wg.Go(func() {
				err := wave.Send(ctx, r.conn, 1)
				if !errors.Is(err, rpc.Exhausted) || !errors.Is(err, context.DeadlineExceeded) || rpc.Delivered(err) != rpc.NotDelivered {
					t.Errorf("got %v", err)
				}
			})
		}
		wg.Wait()
	})
}

func TestDrainWaitsForNoticesAndForWhatIsWritten(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		release := make(chan struct{})
		r := rawPeer(t, handling(wave.Handle(func(context.Context, int) error { <-release; return nil })))
		r.send(notice(1), 1)
		r.send(notice(2), 2)
		plug(t, r)
		drained := make(chan error, 1)
		go func() { drained <- r.conn.Drain(t.Context()) }()
		for _, step := range []func(){func() {}, func() { release <- struct{}{} }, func() { release <- struct{}{} }} {
			step()
			synctest.Wait()
			select {
			case err := <-drained:
				t.Fatalf("drained early: %v", err)
			default:
			}
		}
		for f := r.next(); f.Kind != wire.Credit || f.Meta.Items != 2; f = r.next() {
			if f.Kind != wire.Notice {
				t.Fatalf("got %+v", f)
			}
		}
		if err := <-drained; err != nil {
			t.Fatal(err)
		}
	})
}

func TestTheCallTimeoutNamesItself(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := rawPeer(t, rpc.Options{CallTimeout: 1500 * time.Millisecond})
		_, err := lookup.Call(t.Context(), r.conn, "x")
		want := "greeter.lookup: no reply within the call timeout of 1.5s: context deadline exceeded"
		if err == nil || err.Error() != want || !errors.Is(err, rpc.Timeout) || !errors.Is(err, context.DeadlineExceeded) || rpc.Delivered(err) != rpc.PerhapsDelivered {
			t.Errorf("got  %v, delivered %s\nwant %s", err, rpc.Delivered(err), want)
		}
		if f := r.next(); f.Meta.Deadline != 1500 {
			t.Errorf("the deadline was sent as %d ms", f.Meta.Deadline)
		}
	})
}

func TestCallsWaitForASlot(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := rawPeer(t, rpc.Options{MaxInflight: 1})
		results := make(chan error, 3)
		call := func(ctx context.Context) { _, err := lookup.Call(ctx, r.conn, "x"); results <- err }
		go call(t.Context())
		first := r.next().Tx
		ctx, cancel := context.WithTimeout(t.Context(), time.Second)
		defer cancel()
		go call(ctx)
		err := <-results
		if !errors.Is(err, rpc.Timeout) || rpc.Delivered(err) != rpc.NotDelivered || !strings.Contains(err.Error(), "1 calls are in flight already (limits.inflight)") {
			t.Errorf("got %v", err)
		}
		go call(t.Context())
		synctest.Wait()
		r.send(wire.Frame{Kind: wire.Result, Tx: first}, 1)
		if err := <-results; err != nil {
			t.Error(err)
		}
		if f := r.next(); f.Kind != wire.Request {
			t.Errorf("the call that waited did not leave: %+v", f)
		}
		go call(t.Context())
		synctest.Wait()
		r.conn.Close()
		for range 2 {
			if err := <-results; !errors.Is(err, rpc.Unavailable) {
				t.Errorf("got %v", err)
			}
		}
	})
}

func TestAPeerThatAcknowledgesANoticeThatNeverLeftBreaksTheProtocol(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := rawPeer(t, rpc.Options{})
		fill(t, r)
		ctx, cancel := context.WithCancel(t.Context())
		result := make(chan error, 1)
		go func() { result <- wave.Send(ctx, r.conn, 1) }()
		synctest.Wait()
		r.send(wire.Frame{Kind: wire.Credit, Meta: wire.Meta{Items: 8}}, nil)
		synctest.Wait()
		cancel()
		if err := <-result; rpc.Delivered(err) != rpc.NotDelivered {
			t.Errorf("got %v, delivered %s", err, rpc.Delivered(err))
		}
		if err := r.over(); !errors.Is(err, rpc.Protocol) || !strings.Contains(err.Error(), "1 notices acknowledged, more than are open") {
			t.Errorf("got %v", err)
		}
	})
}

func TestPingsAreNumberedInTheOrderInWhichTheyLeave(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := rawPeer(t, rpc.Options{})
		for range 100 {
			go func() { _, _ = r.conn.Ping(t.Context()) }()
		}
		for n := range uint64(100) {
			if f := r.next(); f.Kind != wire.Ping || f.Tx.N != n+1 {
				t.Fatalf("got %+v, expected number %d", f, n+1)
			}
		}
		r.send(wire.Frame{Kind: wire.Pong, Tx: wire.Tx{N: 100}}, nil) // the last answers all
	})
}
