package life

import (
	"context"
	"errors"
	"os"
	"path/filepath"

	"github.com/hashicorp/go-hclog"

	"github.com/go-hotplug/hotplug/bench/life/contract/echoapi"
	"github.com/go-hotplug/hotplug/host"
	"github.com/go-hotplug/hotplug/rpc"
)

// pluginName is what the one plugin of a folder is called.
const pluginName = "echo"

// launchHotplug starts a worker, which has no folder and no copy.
func launchHotplug(ctx context.Context, w *world, program string) (*server, error) {
	p, err := host.Start(ctx, host.Launch{Path: program, Host: host.Config{Logger: hclog.NewNullLogger(), RuntimeDir: w.dir}})
	if err != nil {
		return nil, err
	}
	return &server{p.Status().PID, echoOf(p), p.Close}, nil
}

func echoOf(p rpc.Peer) func(context.Context, []byte) ([]byte, error) {
	return func(ctx context.Context, data []byte) ([]byte, error) {
		got, err := echoapi.Echo.Call(ctx, p, echoapi.Data{Bytes: data})
		return got.Bytes, err
	}
}

// A ground is a plugins folder and the state folder of its hosts.
type ground struct {
	w              *world
	plugins, state string
	program        string
	primed         bool // a host has copied all of it
}

// newGround has n plugins, each with a program of its own content.
func newGround(w *world, program string, names ...string) (*ground, error) {
	dir, err := w.fresh()
	if err != nil {
		return nil, err
	}
	g := &ground{w: w, plugins: filepath.Join(dir, "plugins"), state: filepath.Join(dir, "state"), program: program}
	for _, name := range names {
		if err := w.install(g.plugins, name, program, name); err != nil {
			return nil, err
		}
	}
	return g, nil
}

// forget makes the store cold.
func (g *ground) forget() error { return os.RemoveAll(g.state) }

// remove leaves nothing of it.
func (g *ground) remove() { os.RemoveAll(filepath.Dir(g.plugins)) }

// open opens a host of it, of which every plugin must run.
func (g *ground) open(ctx context.Context) (*host.Host, error) {
	h, err := host.Open(ctx, host.Config{Name: "life", Dir: g.plugins, StateDir: g.state, RuntimeDir: g.w.dir, Logger: hclog.NewNullLogger()})
	if err != nil {
		return nil, err
	}
	for _, f := range h.Failed() {
		return nil, errors.Join(f.Err, h.Close())
	}
	return h, nil
}

// launch is the launch of a peer: a host for the one plugin.
func (g *ground) launch(ctx context.Context, _ *world, _ string) (*server, error) {
	h, err := g.open(ctx)
	if err != nil {
		return nil, err
	}
	p := h.Plugin(pluginName)
	return &server{p.Status().PID, echoOf(p), h.Close}, nil
}
