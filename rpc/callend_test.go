package rpc_test

import (
	"context"
	"errors"
	"fmt"
	"runtime"
	"slices"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/go-hotplug/hotplug/codec"
	"github.com/go-hotplug/hotplug/rpc"
	"github.com/go-hotplug/hotplug/rpc/rpctest"
)

// endings collects how calls ended at one end.
type endings struct {
	mu   sync.Mutex // guards all below
	all  []string
	errs []error
}

func (e *endings) watch(_ context.Context, m *rpc.Message, d rpc.Direction) (*rpc.Message, error) {
	if m.Reply {
		return nil, nil
	}
	call := m.Call
	call.OnEnd(func(err error) {
		e.mu.Lock()
		defer e.mu.Unlock()
		e.all = append(e.all, fmt.Sprintf("%s %s %s replied=%t code=%s", d, m.Type, time.Since(call.Start), call.Replied, rpc.CodeOf(err)))
		e.errs = append(e.errs, err)
	})
	return nil, nil
}

func (e *endings) taken() ([]string, []error) {
	e.mu.Lock()
	defer e.mu.Unlock()
	all, errs := e.all, e.errs
	e.all, e.errs = nil, nil
	return all, errs
}

// slowly is a handler that takes a second, of the fake clock.
func slowly(err error) func(context.Context, greetRequest) (greeting, error) {
	return func(ctx context.Context, _ greetRequest) (greeting, error) {
		select {
		case <-time.After(time.Second):
		case <-ctx.Done():
		}
		return greeting{}, err
	}
}

func TestACallEndsOnceForTheMiddlewareOfEitherEndWhateverEndsIt(t *testing.T) {
	// At its deadline a handler that listens would answer in the very moment in which its caller gives up.
	deaf := func(context.Context, greetRequest) (greeting, error) {
		time.Sleep(time.Second)
		return greeting{}, rpc.Canceled
	}
	goexit := func(context.Context, greetRequest) (greeting, error) { runtime.Goexit(); return greeting{}, nil }
	for _, c := range []struct {
		name           string
		handler        func(context.Context, greetRequest) (greeting, error)
		timeout        time.Duration
		caller, callee string
	}{
		{"result", slowly(nil), 0, "1s replied=true code=Unknown", "1s replied=true code=Unknown"},
		{"error", slowly(rpc.Denied), 0, "1s replied=true code=Denied", "1s replied=true code=Denied"},
		{"deadline of the caller", deaf, time.Millisecond, "1ms replied=false code=Timeout", "1s replied=true code=Canceled"},
		{"handler without an end", goexit, 0, "0s replied=true code=Internal", "0s replied=false code=Internal"},
	} {
		t.Run(c.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				var near, far endings
				a, _ := rpctest.PairWith(t, rpc.Options{Middleware: []rpc.Middleware{near.watch}, CallTimeout: c.timeout},
					rpc.Options{Middleware: []rpc.Middleware{far.watch}, Handlers: rpc.NewMux(greet.Handle(c.handler))})
				_, err := greet.Call(t.Context(), a, greetRequest{})
				time.Sleep(2 * time.Second) // until the handler is done, too
				synctest.Wait()
				ends, errs := near.taken()
				if !slices.Equal(ends, []string{"outgoing greeter.greet " + c.caller}) || !errors.Is(errs[0], err) && err != errs[0] {
					t.Errorf("caller: %q, %v; the call returned %v", ends, errs, err)
				}
				ends, _ = far.taken()
				if len(ends) != 1 || !strings.HasSuffix(ends[0], c.callee) {
					t.Errorf("callee: %q, want %q", ends, c.callee)
				}
			})
		})
	}
}

func TestANoticeEndsWhenItIsQueuedAndWhenItIsHandled(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var near, far endings
		handlers := map[int]func(){1: func() {}, 2: func() { panic("two") }, 3: runtime.Goexit}
		a, _ := rpctest.PairWith(t, rpc.Options{Middleware: []rpc.Middleware{near.watch}},
			rpc.Options{Middleware: []rpc.Middleware{far.watch}, Handlers: rpc.NewMux(wave.Handle(func(_ context.Context, n int) error {
				time.Sleep(time.Second)
				handlers[n]()
				return nil
			}))})
		for n := range 3 {
			if err := wave.Send(t.Context(), a, n+1); err != nil {
				t.Fatal(err)
			}
		}
		time.Sleep(4 * time.Second)
		synctest.Wait()
		sent, _ := near.taken()
		handled, errs := far.taken()
		if !slices.Equal(sent, slices.Repeat([]string{"outgoing " + string(wave) + " 0s replied=false code=Unknown"}, 3)) {
			t.Errorf("sent %q", sent)
		}
		want := []string{"incoming " + string(wave) + " 1s replied=false code=Unknown",
			"incoming " + string(wave) + " 1s replied=false code=Internal", "incoming " + string(wave) + " 1s replied=false code=Internal"}
		if !slices.Equal(handled, want) || errs[0] != nil {
			t.Errorf("handled %q, %v", handled, errs)
		}
	})
}

func TestAPanicAtTheEndOfACallBreaksNothing(t *testing.T) {
	var after endings
	a, _ := rpctest.PairWith(t, rpc.Options{Middleware: []rpc.Middleware{func(_ context.Context, m *rpc.Message, _ rpc.Direction) (*rpc.Message, error) {
		m.Call.OnEnd(func(error) { panic("boom") })
		m.Call, m.Reply = nil, !m.Reply // nobody's to change
		return nil, nil
	}, after.watch}}, handling(greet.Handle(hello)))
	if got, err := greet.Call(t.Context(), a, greetRequest{Name: "Ada"}); err != nil || got.Text != "Hello, Ada" {
		t.Fatalf("%+v, %v", got, err)
	}
	if ends, _ := after.taken(); len(ends) != 1 {
		t.Errorf("the second function was called %d times", len(ends))
	}
}

func TestSizeAndGenericSayTheSameOfAPayloadOnEitherEnd(t *testing.T) {
	for name, s := range serializers {
		t.Run(name, func(t *testing.T) {
			var mu sync.Mutex
			seen := map[string]string{}
			look := func(end string) rpc.Middleware {
				return func(_ context.Context, m *rpc.Message, d rpc.Direction) (*rpc.Message, error) {
					size, err := m.Size()
					if err != nil {
						return nil, err
					}
					v, err := m.Generic()
					mu.Lock()
					defer mu.Unlock()
					seen[fmt.Sprintf("%s reply=%t", end, m.Reply)] = fmt.Sprintf("%d %v", size, v)
					return nil, err
				}
			}
			a, _ := rpctest.PairWith(t, rpc.Options{Serializer: s, Middleware: []rpc.Middleware{look("caller")}},
				rpc.Options{Serializer: s, Middleware: []rpc.Middleware{look("callee")}, Handlers: rpc.NewMux(greet.Handle(hello))})
			if _, err := greet.Call(t.Context(), a, greetRequest{Name: "Ada", Age: 36}); err != nil {
				t.Fatal(err)
			}
			for message, want := range map[string]any{"reply=false": greetRequest{Name: "Ada", Age: 36}, "reply=true": greeting{Text: "Hello, Ada"}} {
				near, far := seen["caller "+message], seen["callee "+message]
				b, err := s.Marshal(want)
				if err != nil {
					t.Fatal(err)
				}
				_, own := s.(userSerializer) // what arrives counts with its envelope
				if !own && (near != far || !strings.HasPrefix(near, fmt.Sprintf("%d map[", len(b)))) {
					t.Errorf("%s: %q and %q, want %d bytes", message, near, far, len(b))
				}
				if _, n, _ := strings.Cut(near, " "); !strings.HasSuffix(far, n) || !strings.Contains(n, "Ada") {
					t.Errorf("%s: %q and %q", message, near, far)
				}
			}
		})
	}
}

func TestSizeOfWhatIsReplacedOrMissingIsThatOfWhatTravels(t *testing.T) {
	a, _ := rpctest.PairWith(t, rpc.Options{Middleware: []rpc.Middleware{func(_ context.Context, m *rpc.Message, _ rpc.Direction) (*rpc.Message, error) {
		if m.Err != nil {
			if n, err := m.Size(); n != 0 || err != nil {
				t.Errorf("an error: %d, %v", n, err)
			}
			return nil, nil
		}
		m.Replace(nil)
		if n, err := m.Size(); n != 0 || err != nil {
			t.Errorf("nothing: %d, %v", n, err)
		}
		m.Replace(map[string]any{"name": strings.Repeat("x", 100)})
		if n, err := m.Size(); n < 100 || n > 120 || err != nil {
			t.Errorf("replaced: %d, %v", n, err)
		}
		m.Replace(func() {})
		if _, err := m.Size(); err == nil {
			t.Error("a function has a size")
		}
		_, err := m.Generic()
		return nil, err
	}}, Serializer: codec.JsonSerializer{}}, rpc.Options{Serializer: codec.JsonSerializer{}, Handlers: rpc.NewMux(greet.Handle(hello))})
	_, err := greet.Call(t.Context(), a, greetRequest{})
	if err == nil || !strings.HasPrefix(err.Error(), "middleware (outgoing): encode func(): ") {
		t.Errorf("got %v", err)
	}
}
