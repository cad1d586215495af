package rpc_test

import (
	"context"
	"errors"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/go-hotplug/hotplug/codec"
	"github.com/go-hotplug/hotplug/rpc"
	"github.com/go-hotplug/hotplug/rpc/rpctest"
)

type greetRequest struct {
	Name string `json:"name"`
	Age  int64  `json:"age"`
}

type greeting struct {
	Text string `json:"text"`
}

const (
	greet  rpc.Method[greetRequest, greeting] = "greeter.greet"
	lookup rpc.Query[string, int]             = "greeter.lookup"
	wave   rpc.Notice[int]                    = "greeter.wave"
)

func hello(_ context.Context, req greetRequest) (greeting, error) {
	return greeting{Text: "Hello, " + req.Name}, nil
}

func TestCallIsAnsweredWithEachSerializer(t *testing.T) {
	for _, s := range []codec.Serializer{codec.MessagePackSerializer{}, codec.JsonSerializer{}} {
		t.Run(s.Name(), func(t *testing.T) {
			a, _ := rpctest.PairWith(t, rpc.Options{Serializer: s}, rpc.Options{Serializer: s, Handlers: rpc.NewMux(greet.Handle(hello))})
			got, err := greet.Call(t.Context(), a, greetRequest{Name: "Ada", Age: 36})
			if err != nil || got.Text != "Hello, Ada" {
				t.Fatalf("got %+v, %v", got, err)
			}
		})
	}
}

func TestHandlerCallsBackItsCaller(t *testing.T) {
	a, _ := rpctest.Pair(t,
		[]rpc.Handler{lookup.Handle(func(_ context.Context, name string) (int, error) { return len(name), nil })},
		[]rpc.Handler{greet.Handle(func(ctx context.Context, req greetRequest) (greeting, error) {
			n, err := lookup.Call(ctx, rpc.Caller(ctx), req.Name)
			return greeting{Text: strings.Repeat("!", n)}, err
		})})
	got, err := greet.Call(t.Context(), a, greetRequest{Name: "abc"})
	if err != nil || got.Text != "!!!" {
		t.Fatalf("got %+v, %v", got, err)
	}
}

func TestCallerReturnsAtItsDeadlineAndTheHandlersContextEnds(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		ended := make(chan error, 1)
		a, b := rpctest.Pair(t, nil, []rpc.Handler{greet.Handle(func(ctx context.Context, _ greetRequest) (greeting, error) {
			<-ctx.Done()
			ended <- ctx.Err()
			return greeting{}, ctx.Err()
		})})
		ctx, cancel := context.WithTimeout(t.Context(), 3*time.Second)
		defer cancel()
		start := time.Now()
		_, err := greet.Call(ctx, a, greetRequest{})
		if !errors.Is(err, rpc.Timeout) || !errors.Is(err, context.DeadlineExceeded) || rpc.Delivered(err) != rpc.PerhapsDelivered {
			t.Fatalf("got %v, delivered %s", err, rpc.Delivered(err))
		}
		if d := time.Since(start); d != 3*time.Second {
			t.Fatalf("returned after %s", d)
		}
		if err := <-ended; err == nil {
			t.Fatal("the handler's context did not end")
		}
		synctest.Wait()
		if s := a.Stats(); s.Pending != 0 {
			t.Fatalf("%d calls are pending", s.Pending)
		}
		if s := b.Stats(); s.Serving != 0 {
			t.Fatalf("%d handlers are running", s.Serving)
		}
	})
}

func TestPanicOfAHandlerAnswersItsCallWithInternalAndStack(t *testing.T) {
	a, _ := rpctest.Pair(t, nil, []rpc.Handler{greet.Handle(func(context.Context, greetRequest) (greeting, error) { panic("boom") })})
	_, err := greet.Call(t.Context(), a, greetRequest{})
	var e *rpc.Error
	if !errors.As(err, &e) || e.Code != rpc.Internal || !strings.Contains(e.Message, "boom") || !strings.Contains(e.Stack, "conn_test.go") || e.Origin != rpc.FromPlugin {
		t.Fatalf("got %#v", err)
	}
}

func TestNoticesAreHandledInOrderAndAcknowledged(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var got []int
		a, _ := rpctest.Pair(t, nil, []rpc.Handler{wave.Handle(func(_ context.Context, n int) error { got = append(got, n); return nil })})
		for i := range 3000 {
			if err := wave.Send(t.Context(), a, i); err != nil {
				t.Fatal(err)
			}
		}
		synctest.Wait()
		if len(got) != 3000 {
			t.Fatalf("%d notices arrived", len(got))
		}
		for i, n := range got {
			if i != n {
				t.Fatalf("notice %d arrived as number %d", n, i)
			}
		}
		if n := a.Stats().Unacknowledged; n != 0 {
			t.Fatalf("%d notices are not acknowledged", n)
		}
	})
}

func TestSendWaitsAtAFullWindowAndFailsWithExhausted(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		release := make(chan struct{})
		a, _ := rpctest.Pair(t, nil, []rpc.Handler{wave.Handle(func(context.Context, int) error { <-release; return nil })})
		ctx, cancel := context.WithTimeout(t.Context(), time.Second)
		defer cancel()
		sent := 0
		var err error
		for ; err == nil; sent++ {
			err = wave.Send(ctx, a, sent)
		}
		if !errors.Is(err, rpc.Exhausted) || rpc.Delivered(err) != rpc.NotDelivered || sent != 1025 {
			t.Fatalf("after %d notices: %v", sent, err)
		}
		close(release)
	})
}

func TestNoWaitFailsAtOnceAtAFullWindow(t *testing.T) {
	for name, text := range map[string]string{"of notices": "", "of bytes": strings.Repeat("x", 1<<20)} {
		t.Run(name, func(t *testing.T) {
			release := make(chan struct{})
			defer close(release)
			a, _ := rpctest.Pair(t, nil, []rpc.Handler{story.Handle(func(context.Context, string) error { <-release; return nil })})
			var err error
			sent := 0
			for ; err == nil; sent++ {
				err = story.Send(rpc.NoWait(t.Context()), a, text)
			}
			if want := map[string]int{"": 1025}[text]; !errors.Is(err, rpc.Exhausted) || rpc.Delivered(err) != rpc.NotDelivered || (want > 0 && sent != want) {
				t.Errorf("after %d notices: %v", sent, err)
			}
			if n := a.Stats().Unacknowledged; n != sent-1 {
				t.Errorf("%d of %d are not acknowledged", n, sent-1)
			}
		})
	}
}

func TestUnhandledMessageNamesTheNearestAndIsNotDelivered(t *testing.T) {
	const typo rpc.Method[greetRequest, greeting] = "greeter.great"
	a, _ := rpctest.Pair(t, nil, []rpc.Handler{greet.Handle(hello)})
	_, err := typo.Call(t.Context(), a, greetRequest{})
	if !errors.Is(err, rpc.Unimplemented) || rpc.Delivered(err) != rpc.NotDelivered || !strings.Contains(err.Error(), `did you mean "greeter.greet"`) {
		t.Fatalf("got %v", err)
	}
}

func TestNarrowerIntegerOnTheReceivingSideIsRefusedByName(t *testing.T) {
	type narrow struct {
		Age int8 `json:"age"`
	}
	const greetNarrow rpc.Method[narrow, greeting] = "greeter.greet"
	a, _ := rpctest.Pair(t, nil, []rpc.Handler{greetNarrow.Handle(func(context.Context, narrow) (greeting, error) { return greeting{}, nil })})
	_, err := greet.Call(t.Context(), a, greetRequest{})
	want := `message "greeter.greet": field "age" is int64 here and int8 there`
	if err == nil || err.Error() != want {
		t.Fatalf("got  %v\nwant %s", err, want)
	}
}

func TestCloseEndsCallsInFlightAsPerhapsDelivered(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		a, b := rpctest.Pair(t, nil, []rpc.Handler{greet.Handle(func(ctx context.Context, _ greetRequest) (greeting, error) {
			<-ctx.Done()
			return greeting{}, ctx.Err()
		})})
		result := make(chan error, 1)
		go func() { _, err := greet.Call(t.Context(), a, greetRequest{}); result <- err }()
		synctest.Wait()
		b.Close()
		err := <-result
		if !errors.Is(err, rpc.Unavailable) || rpc.Delivered(err) != rpc.PerhapsDelivered {
			t.Fatalf("got %v", err)
		}
		if _, err := greet.Call(t.Context(), a, greetRequest{}); rpc.Delivered(err) != rpc.NotDelivered {
			t.Fatalf("a call on a closed connection: %v", err)
		}
	})
}

func TestErrorsKeepCodeNameDetailsAndCauseAcrossTheWire(t *testing.T) {
	root := errors.New("disk on fire")
	a, _ := rpctest.Pair(t, nil, []rpc.Handler{greet.Handle(func(context.Context, greetRequest) (greeting, error) {
		e := rpc.Errorf(rpc.NotFound, "read theme: %w", root)
		e.Details = map[string]any{"theme": "dark"}
		return greeting{}, e
	})})
	_, err := greet.Call(t.Context(), a, greetRequest{})
	var e *rpc.Error
	if !errors.As(err, &e) || !errors.Is(err, rpc.NotFound) || e.Message != "read theme: disk on fire" {
		t.Fatalf("got %#v", err)
	}
	if e.Details["theme"] != "dark" || e.Cause == nil || e.Cause.Message != "disk on fire" || e.Cause.Name != "*errors.errorString" {
		t.Fatalf("got %#v, cause %#v", e, e.Cause)
	}
}

func TestDrainWaitsForHandlersAndTheirAnswers(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		release := make(chan struct{})
		a, b := rpctest.Pair(t, nil, []rpc.Handler{greet.Handle(func(context.Context, greetRequest) (greeting, error) { <-release; return greeting{}, nil })})
		result := make(chan error, 1)
		go func() { _, err := greet.Call(t.Context(), a, greetRequest{}); result <- err }()
		synctest.Wait()
		drained := make(chan error, 1)
		go func() { drained <- b.Drain(t.Context()) }()
		synctest.Wait()
		select {
		case <-drained:
			t.Fatal("drained while a handler runs")
		default:
		}
		close(release)
		if err := <-drained; err != nil {
			t.Fatal(err)
		}
		b.Close()
		if err := <-result; err != nil {
			t.Fatal(err)
		}
	})
}

func TestPingAnswersWhileHandlersBlock(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		a, _ := rpctest.Pair(t, nil, []rpc.Handler{greet.Handle(func(ctx context.Context, _ greetRequest) (greeting, error) { <-ctx.Done(); return greeting{}, nil })})
		go func() { _, _ = greet.Call(t.Context(), a, greetRequest{}) }()
		synctest.Wait()
		if _, err := a.Ping(t.Context()); err != nil {
			t.Fatal(err)
		}
	})
}

func TestHandlerOfANameOfTheProtocolsOwnIsABugInTheProgram(t *testing.T) {
	const own rpc.Method[int, int] = "hotplug.start"
	defer func() {
		if p := recover(); p == nil || !strings.Contains(p.(string), `"hotplug.start"`) {
			t.Fatalf("NewMux said %v", p)
		}
	}()
	rpc.NewMux(own.Handle(func(context.Context, int) (int, error) { return 0, nil }))
}
