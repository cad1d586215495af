package plugintest

import (
	"context"
	"fmt"
	"sync/atomic"
	"testing"
	"time"

	"github.com/go-hotplug/hotplug/internal/leak"
	"github.com/go-hotplug/hotplug/internal/lifecycle"
	"github.com/go-hotplug/hotplug/internal/wire"
	"github.com/go-hotplug/hotplug/plugin"
	"github.com/go-hotplug/hotplug/plugin/internal/fakehost"
	"github.com/go-hotplug/hotplug/plugin/internal/seam"
	"github.com/go-hotplug/hotplug/rpc"
)

// A Plugin is one that runs, as its host sees it: the Peer to call. Its Close cuts the connection of a host that lives on, after which
// the plugin ends by itself: see Wait. Stop, Terminate and Die end it as hosts and systems do. Methods may be called concurrently, but for Park and
// Unpark.
type Plugin struct {
	*rpc.Conn

	t       testing.TB
	host    *fakehost.Host
	options fakehost.Options
	own     leak.Group
	ask     context.CancelFunc // what SIGTERM does

	stopping atomic.Bool   // the Stop hook runs
	cutOff   atomic.Bool   // it did when the process group would have been killed
	ended    chan struct{} // closed when Run has returned
	err      error         // what it returned; set before ended is closed
	seen     atomic.Bool   // the test has it
}

// Start runs a plugin until it is ready: it has passed the handshake, and its Start hook has succeeded. Anything else fails the test now.
func Start(t testing.TB, s plugin.Server, h Host) *Plugin {
	t.Helper()
	p, err := Launch(t, s, h)
	if err != nil {
		t.Fatalf("the plugin did not start: %v", err)
	}
	return p
}

// Launch is Start for tests of what fails: its error is the host's reason for giving up, and then nothing of the plugin is left. What
// Run returned by itself is an *plugin.ExitError; plugin.ExitCode tells its code.
func Launch(t testing.TB, s plugin.Server, h Host) (*Plugin, error) {
	t.Helper()
	startup, err := h.startup(s.Manifest)
	if err != nil {
		return nil, err
	}
	p := &Plugin{t: t, host: fakehost.New(startup), ended: make(chan struct{})}
	p.options = fakehost.Options{Handlers: h.Handlers, Uses: h.Uses, OnGoodbye: p.answerGoodbye}
	p.run(logged(t, s))
	t.Cleanup(p.finish)
	if err := p.connect(); err != nil {
		p.abandon()
		return nil, err
	}
	return p, nil
}

// run starts the goroutine that stands for the process. finish waits for it.
func (p *Plugin) run(s plugin.Server) {
	ctx, cancel := context.WithCancel(context.Background())
	p.ask = cancel
	ctx = seam.With(ctx, p.host.Given(p.kill))
	if stop := s.Stop; stop != nil {
		s.Stop = func(ctx context.Context) error {
			p.stopping.Store(true)
			defer p.stopping.Store(false)
			return stop(ctx)
		}
	}
	p.own.Do(func() {
		go func() {
			defer close(p.ended)
			p.err = s.Run(ctx)
		}()
	})
}

// kill is what the plugin does to its process group when the host has died.
func (p *Plugin) kill() { p.cutOff.Store(p.stopping.Load()) }

// connect does what a host does until the plugin is ready.
func (p *Plugin) connect() error {
	limit := time.Duration(p.host.Startup.Timeouts.Start) * time.Millisecond
	if limit == 0 { // the manifest sets none
		limit = patience
	}
	ctx, cancel := context.WithTimeoutCause(context.Background(), limit, fmt.Errorf("not ready within %s (timeouts.start)", limit))
	defer cancel()
	go func() { // ends with this function
		select {
		case <-p.ended:
			cancel()
		case <-ctx.Done():
		}
	}()
	conn, answer, err := p.host.Connect(ctx, p.options)
	if err == nil {
		p.Conn = conn
		err = p.startHook(ctx, answer)
	}
	return p.reason(ctx, err)
}

// dial makes another connection.
func (p *Plugin) dial(ctx context.Context) error {
	conn, _, err := p.host.Connect(ctx, p.options)
	if err == nil {
		p.Conn = conn
	}
	return err
}

// reason is why the plugin did not become ready: what it exits with says more than the end of its connection, and whose clock was first,
// the host's or the hook's, does not matter.
func (p *Plugin) reason(ctx context.Context, err error) error {
	end, _ := ctx.Deadline()
	switch {
	case err == nil:
		return nil
	case isClosed(p.ended) && p.err != nil:
		p.seen.Store(true)
		return p.err
	case !time.Now().Before(end):
		<-ctx.Done()
		return context.Cause(ctx)
	}
	return err
}

func (p *Plugin) startHook(ctx context.Context, answer *wire.PluginHello) error {
	for _, feature := range answer.Features {
		if feature != lifecycle.FeatureStart {
			continue
		}
		if _, err := lifecycle.Start.Call(ctx, p.Conn, lifecycle.None{}); err != nil {
			return fmt.Errorf("its Start hook: %w", err)
		}
	}
	return nil
}

// answerGoodbye is what a host does when the plugin wants to leave.
func (p *Plugin) answerGoodbye(c *rpc.Conn, g rpc.Goodbye) {
	if g.Then == rpc.GoodbyePark {
		return // that was the answer
	}
	_ = c.Goodbye(context.Background(), rpc.Goodbye{Then: rpc.GoodbyeStop}) // it may be gone already
}

// abandon ends a plugin that its host does not want.
func (p *Plugin) abandon() {
	p.seen.Store(true)
	p.ask()
	if p.Conn != nil {
		p.Conn.Close()
	}
	p.await()
}

func isClosed(c <-chan struct{}) bool {
	select {
	case <-c:
		return true
	default:
		return false
	}
}
