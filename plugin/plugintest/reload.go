package plugintest

import (
	"context"
	"encoding/json"
	"time"

	"github.com/go-hotplug/hotplug/internal/lifecycle"
	"github.com/go-hotplug/hotplug/plugin"
	"github.com/go-hotplug/hotplug/rpc"
)

// Configure calls the Configure hook, as a host does whose configuration of the plugin has changed.
func (p *Plugin) Configure(ctx context.Context, config json.RawMessage) error {
	_, err := lifecycle.Configure.Call(ctx, p, lifecycle.Config{JSON: config})
	return err
}

// Snapshot calls the Snapshot hook. What it tells has been sent and read, with the plugin's serializer.
func (p *Plugin) Snapshot(ctx context.Context) (plugin.State, error) {
	s, err := lifecycle.Snapshot.Call(ctx, p, lifecycle.None{})
	return plugin.State(s), err
}

// Restore calls the Restore hook.
func (p *Plugin) Restore(ctx context.Context, s plugin.State) error {
	_, err := lifecycle.Restore.Call(ctx, p, lifecycle.State(s))
	return err
}

// Health calls the Health hook.
func (p *Plugin) Health(ctx context.Context) error {
	_, err := lifecycle.Health.Call(ctx, p, lifecycle.None{})
	return err
}

// Release calls the Release hook.
func (p *Plugin) Release(ctx context.Context) error {
	_, err := lifecycle.Release.Call(ctx, p, lifecycle.None{})
	return err
}

// Resume calls the Resume hook.
func (p *Plugin) Resume(ctx context.Context) error {
	_, err := lifecycle.Resume.Call(ctx, p, lifecycle.None{})
	return err
}

// Park says that the host will be back within a lease, and waits until the plugin has finished what is in flight and has closed the connection:
// calls through p fail then, until Unpark, and what background goroutines of the plugin send to their host waits. Without Unpark the plugin ends
// with the lease: see Wait. It must not be called beside other methods of p.
func (p *Plugin) Park(lease time.Duration) {
	p.t.Helper()
	if err := p.Goodbye(context.Background(), rpc.Goodbye{Then: rpc.GoodbyePark, Lease: lease}); err != nil {
		p.t.Fatalf("park the plugin: %v", err)
	}
	timer := time.NewTimer(patience)
	defer timer.Stop()
	select {
	case <-p.Done():
	case <-timer.C:
		p.t.Fatalf("the plugin has not parked after %s; what runs:\n%s", patience, p.own.Running())
	}
}

// Unpark connects again to a plugin that was parked. It must not be called beside other methods of p.
func (p *Plugin) Unpark() {
	p.t.Helper()
	ctx, cancel := context.WithTimeout(context.Background(), patience)
	defer cancel()
	if err := p.dial(ctx); err != nil {
		p.t.Fatalf("connect to the parked plugin: %v", err)
	}
}
