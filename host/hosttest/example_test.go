package hosttest_test

import (
	"context"
	"errors"
	"testing"

	"github.com/go-hotplug/hotplug/host"
	"github.com/go-hotplug/hotplug/host/hosttest"
	"github.com/go-hotplug/hotplug/rpc"
)

const Greet rpc.Method[string, string] = "greeter.greet"

func greet(_ context.Context, name string) (string, error) { return "Hello, " + name, nil }

// welcome is the application: it has a word for those whom no plugin greets.
func welcome(ctx context.Context, greeter rpc.Peer, name string) string {
	text, err := Greet.Call(ctx, greeter, name)
	if errors.Is(err, rpc.Unavailable) {
		return "Welcome"
	}
	return text
}

// A test gives the host its plugins, and has one of them crash.
func ExampleOpen() {
	var t *testing.T // the test's

	h := hosttest.Open(t, host.Config{Name: "app"}, hosttest.Plugin{Name: "greeter", Handlers: []rpc.Handler{Greet.Handle(greet)}})

	if got := welcome(t.Context(), h.Plugin("greeter"), "Ada"); got != "Hello, Ada" {
		t.Errorf("got %q", got)
	}
	h.Crash("greeter", hosttest.Exit{Code: 2, Stderr: []string{"panic: no dictionary"}})
	if got := welcome(t.Context(), h.Plugin("greeter"), "Ada"); got != "Welcome" {
		t.Errorf("after a crash: got %q", got)
	}
}

// What becomes of calls to a plugin that hangs is seen in a testing/synctest bubble, at once.
func ExampleHost_Freeze() {
	var t *testing.T // the test's

	h := hosttest.Open(t, host.Config{Name: "app"}, hosttest.Plugin{Name: "greeter", Handlers: []rpc.Handler{Greet.Handle(greet)}})
	h.Freeze("greeter")
	if _, err := Greet.Call(t.Context(), h.Plugin("greeter"), "Ada"); !errors.Is(err, rpc.Timeout) {
		t.Errorf("got %v", err)
	}
}
