package rpc_test

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/go-hotplug/hotplug/codec"
	"github.com/go-hotplug/hotplug/rpc"
	"github.com/go-hotplug/hotplug/rpc/rpctest"
)

// trace records what a middleware sees.
type trace struct {
	mu    sync.Mutex // guards lines
	lines []string
}

func (tr *trace) as(name string) rpc.Middleware {
	return func(_ context.Context, m *rpc.Message, d rpc.Direction) (*rpc.Message, error) {
		what := "request"
		switch {
		case m.Err != nil:
			what = "error " + string(m.Err.Code)
		case m.Reply:
			what = "result"
		}
		tr.mu.Lock()
		tr.lines = append(tr.lines, fmt.Sprintf("%s %s %s", name, d, what))
		tr.mu.Unlock()
		return nil, nil
	}
}

func TestMiddlewareSeesEveryMessageOfACallInOrder(t *testing.T) {
	for _, c := range []struct {
		name    string
		handler func(context.Context, greetRequest) (greeting, error)
		reply   string
	}{
		{"result", hello, "result"},
		{"error", func(context.Context, greetRequest) (greeting, error) { return greeting{}, rpc.Denied }, "error Denied"},
	} {
		t.Run(c.name, func(t *testing.T) {
			var tr trace
			a, _ := rpctest.PairWith(t, rpc.Options{Middleware: []rpc.Middleware{tr.as("a1"), tr.as("a2")}},
				rpc.Options{Middleware: []rpc.Middleware{tr.as("b1"), tr.as("b2")}, Handlers: rpc.NewMux(greet.Handle(c.handler))})
			_, err := greet.Call(t.Context(), a, greetRequest{})
			if (err != nil) != (c.name == "error") {
				t.Fatal(err)
			}
			want := []string{
				"a1 outgoing request", "a2 outgoing request", "b1 incoming request", "b2 incoming request",
				"b1 outgoing " + c.reply, "b2 outgoing " + c.reply, "a1 incoming " + c.reply, "a2 incoming " + c.reply,
			}
			if !slices.Equal(tr.lines, want) {
				t.Fatalf("got\n%s\nwant\n%s", strings.Join(tr.lines, "\n"), strings.Join(want, "\n"))
			}
		})
	}
}

// shout replaces names on their way, and texts on their way back.
func shout(_ context.Context, m *rpc.Message, d rpc.Direction) (*rpc.Message, error) {
	if m.Reply {
		var g greeting
		if err := m.Decode(&g); err != nil {
			return nil, err
		}
		m.Replace(greeting{Text: g.Text + "!"})
		return nil, nil
	}
	var req greetRequest
	if err := m.Decode(&req); err != nil {
		return nil, err
	}
	return &rpc.Message{Kind: m.Kind, Type: m.Type, Payload: map[string]any{"name": strings.ToUpper(req.Name), "age": req.Age}}, nil
}

func TestMiddlewareReplacesPayloadsOnEitherEnd(t *testing.T) {
	for _, s := range []codec.Serializer{codec.MessagePackSerializer{}, codec.JsonSerializer{}} {
		for _, end := range []string{"caller", "callee"} {
			t.Run(s.Name()+"/"+end, func(t *testing.T) {
				caller, callee := rpc.Options{Serializer: s}, rpc.Options{Serializer: s, Handlers: rpc.NewMux(greet.Handle(hello))}
				if end == "caller" {
					caller.Middleware = []rpc.Middleware{shout}
				} else {
					callee.Middleware = []rpc.Middleware{shout}
				}
				a, _ := rpctest.PairWith(t, caller, callee)
				got, err := greet.Call(t.Context(), a, greetRequest{Name: "ada"})
				if err != nil || got.Text != "Hello, ADA!" {
					t.Fatalf("got %+v, %v", got, err)
				}
			})
		}
	}
}

func TestErrorOfAMiddlewareFailsThatMessageAlone(t *testing.T) {
	refuse := func(d rpc.Direction, reply bool) rpc.Middleware {
		return func(_ context.Context, m *rpc.Message, dir rpc.Direction) (*rpc.Message, error) {
			if dir == d && m.Reply == reply && m.Err == nil {
				return nil, rpc.Errorf(rpc.Denied, "not today")
			}
			return nil, nil
		}
	}
	for _, c := range []struct {
		name      string
		onCaller  bool
		mw        rpc.Middleware
		text      string
		delivered rpc.Delivery
	}{
		{"caller, request", true, refuse(rpc.Outgoing, false), "middleware (outgoing): not today", rpc.NotDelivered},
		{"callee, request", false, refuse(rpc.Incoming, false), "middleware (incoming): not today", rpc.NotDelivered},
		{"callee, result", false, refuse(rpc.Outgoing, true), "middleware (outgoing): not today", rpc.PerhapsDelivered},
		{"caller, result", true, refuse(rpc.Incoming, true), "middleware (incoming): not today", rpc.PerhapsDelivered},
		{"panic", true, func(context.Context, *rpc.Message, rpc.Direction) (*rpc.Message, error) { panic("boom") }, "middleware (outgoing): panic: boom", rpc.NotDelivered},
	} {
		t.Run(c.name, func(t *testing.T) {
			caller, callee := rpc.Options{}, rpc.Options{Handlers: rpc.NewMux(greet.Handle(hello), wave.Handle(func(context.Context, int) error { return nil }))}
			if c.onCaller {
				caller.Middleware = []rpc.Middleware{c.mw}
			} else {
				callee.Middleware = []rpc.Middleware{c.mw}
			}
			a, _ := rpctest.PairWith(t, caller, callee)
			_, err := greet.Call(t.Context(), a, greetRequest{})
			if err == nil || err.Error() != c.text || rpc.Delivered(err) != c.delivered {
				t.Fatalf("got %v, delivered %s", err, rpc.Delivered(err))
			}
			if c.name != "panic" && !errors.Is(err, rpc.Denied) {
				t.Fatalf("the code is %s", rpc.CodeOf(err))
			}
			if _, err := a.Ping(t.Context()); err != nil {
				t.Fatalf("the connection is over: %v", err)
			}
		})
	}
}

func TestHeadersThatMiddlewareSetsReachTheHandler(t *testing.T) {
	got := make(chan string, 1)
	a, _ := rpctest.PairWith(t, rpc.Options{Middleware: []rpc.Middleware{func(_ context.Context, m *rpc.Message, d rpc.Direction) (*rpc.Message, error) {
		m.SetHeader("traceparent", "00-1-2-01")
		return m, nil
	}}}, rpc.Options{Handlers: rpc.NewMux(greet.Handle(func(ctx context.Context, _ greetRequest) (greeting, error) {
		got <- rpc.Headers(ctx)["traceparent"]
		return greeting{}, nil
	}))})
	if _, err := greet.Call(t.Context(), a, greetRequest{}); err != nil {
		t.Fatal(err)
	}
	if h := <-got; h != "00-1-2-01" {
		t.Fatalf("got %q", h)
	}
}

func TestTxOfAUsersGeneratorNamesTheCallAndIsRefusedIfEmptyOrTaken(t *testing.T) {
	ids := []string{"first", "", "second", "second", "12"}
	next := 0
	var started, release chan struct{}
	for _, s := range []codec.Serializer{codec.MessagePackSerializer{}, codec.JsonSerializer{}, serializerNamed{codec.JsonSerializer{}}} {
		t.Run(s.Name(), func(t *testing.T) {
			next, started, release = 0, make(chan struct{}), make(chan struct{})
			a, _ := rpctest.PairWith(t, rpc.Options{Serializer: s, TxID: func(*rpc.Message) string { next++; return ids[next-1] }},
				rpc.Options{Serializer: s, Handlers: rpc.NewMux(greet.Handle(hello), lookup.Handle(func(context.Context, string) (int, error) { close(started); <-release; return 1, nil }))})
			if _, err := greet.Call(t.Context(), a, greetRequest{}); err != nil {
				t.Fatal(err)
			}
			if _, err := greet.Call(t.Context(), a, greetRequest{}); !errors.Is(err, rpc.Invalid) || !strings.Contains(err.Error(), "returned an empty one") {
				t.Fatalf("got %v", err)
			}
			held := make(chan error, 1)
			go func() { _, err := lookup.Call(t.Context(), a, ""); held <- err }()
			<-started
			if _, err := greet.Call(t.Context(), a, greetRequest{}); !errors.Is(err, rpc.Invalid) || !strings.Contains(err.Error(), `"second", which another call`) {
				t.Fatalf("got %v", err)
			}
			close(release)
			if err := <-held; err != nil {
				t.Fatal(err)
			}
			if _, err := greet.Call(t.Context(), a, greetRequest{}); err != nil {
				t.Fatal(err)
			}
		})
	}
}

// serializerNamed is a user's serializer: JSON under another name.
type serializerNamed struct{ codec.JsonSerializer }

func (serializerNamed) Name() string { return "UsersSerializer" }

func TestAReplyThatMiddlewareKeepsStaysWhatItIs(t *testing.T) {
	var kept []*rpc.Message
	keep := func(_ context.Context, m *rpc.Message, _ rpc.Direction) (*rpc.Message, error) {
		if m.Reply {
			kept = append(kept, m)
		}
		return nil, nil
	}
	a, _ := rpctest.PairWith(t, rpc.Options{Middleware: []rpc.Middleware{keep}}, handling(lookup.Handle(func(_ context.Context, name string) (int, error) { return len(name), nil })))
	for n := range 3 {
		if _, err := lookup.Call(t.Context(), a, "four"[:n]); err != nil {
			t.Fatal(err)
		}
	}
	for n, m := range kept {
		if size, err := m.Size(); size != 1 || err != nil { // a small number is one byte
			t.Errorf("reply %d has %d bytes now, %v", n, size, err)
		}
	}
	if len(kept) != 3 {
		t.Errorf("%d replies", len(kept))
	}
}
