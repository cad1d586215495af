package plugintest_test

import (
	"context"
	"fmt"
	"testing"

	"github.com/go-hotplug/hotplug/plugin"
	"github.com/go-hotplug/hotplug/plugin/plugintest"
	"github.com/go-hotplug/hotplug/rpc"
)

const (
	Greet  rpc.Method[string, string] = "greeter.greet"
	Lookup rpc.Query[string, string]  = "app.lookup"
)

// greet is a handler of the plugin: it asks its host for what it does not know.
func greet(ctx context.Context, id string) (string, error) {
	name, err := Lookup.Call(ctx, rpc.Caller(ctx), id)
	if err != nil {
		return "", err
	}
	return "Hello, " + name, nil
}

// A test states what the host answers, calls the plugin, and says goodbye.
func ExampleStart() {
	var t *testing.T // the test's

	lookup := func(context.Context, string) (string, error) { return "Ada", nil }
	p := plugintest.Start(t, plugin.Server{
		Handlers: []rpc.Handler{Greet.Handle(greet)},
		Uses:     []rpc.Use{Lookup.Use()},
	}, plugintest.Host{Handlers: []rpc.Handler{Lookup.Handle(lookup)}})

	if text, err := Greet.Call(t.Context(), p, "7"); err != nil || text != "Hello, Ada" {
		t.Errorf("got %q, %v", text, err)
	}
	if err := p.Stop(); err != nil {
		t.Error(err)
	}
}

// A plugin that shall not start is launched; what it would exit with is the error.
func ExampleLaunch() {
	var t *testing.T // the test's

	_, err := plugintest.Launch(t, plugin.Server{Start: func(context.Context) error {
		return rpc.Errorf(rpc.Denied, "no licence")
	}}, plugintest.Host{})
	fmt.Println(err) // its Start hook: no licence
}
