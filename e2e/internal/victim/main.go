// Victim is a plugin for tests, whose host breaks every rule: it keeps to all of them. It may itself be a host.
package main

import (
	"context"
	"os"

	"github.com/go-hotplug/hotplug/e2e/internal/faults"
	"github.com/go-hotplug/hotplug/host"
	"github.com/go-hotplug/hotplug/plugin"
	"github.com/go-hotplug/hotplug/rpc"
)

// add is a message of the sample plugin counter.
const add rpc.Method[delta, total] = "counter.add"

type (
	delta struct {
		By int64 `json:"by"`
	}
	total struct {
		Value int64 `json:"value"`
	}
)

func main() { plugin.Serve(append(faults.Handlers(nil), faults.Inner.Handle(inner))...) }

// inner opens a host, and calls its counter.
func inner(ctx context.Context, _ struct{}) (int64, error) {
	state, err := os.MkdirTemp("", "inner")
	if err != nil {
		return 0, err
	}
	defer os.RemoveAll(state)
	h, err := host.Open(ctx, host.Config{Name: "inner", Version: "1.0.0", Dir: os.Getenv(faults.EnvInner), StateDir: state, Env: []string{"HOTPLUG_STARTUP"}})
	if err != nil {
		return 0, err
	}
	defer h.Close()
	got, err := add.Call(ctx, h.Plugin("counter"), delta{By: 2})
	return got.Value, err
}
