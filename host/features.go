package host

import (
	"context"
	"encoding/json"
	"fmt"
	"slices"
	"time"

	"github.com/go-hotplug/hotplug/internal/lifecycle"
	"github.com/go-hotplug/hotplug/internal/wire"
	"github.com/go-hotplug/hotplug/rpc"
)

// feature reports whether the plugin said that it answers a lifecycle call, or can be parked.
func (i *instance) feature(name string) bool { return slices.Contains(i.hello.Features, name) }

// begin runs the hooks that come before the first call: Start, then Configure. On an error nothing is left of the process.
func (i *instance) begin(ctx context.Context) error {
	err := i.whileAlive(ctx, func(ctx context.Context) error {
		if err := ask(ctx, i, lifecycle.FeatureStart, lifecycle.Start, lifecycle.None{}); err != nil {
			return err
		}
		return i.configure(ctx, i.spec)
	})
	if err != nil {
		return i.abort(ctx, err)
	}
	return nil
}

// configure hands over the configuration of s, which may be newer than the one that the process was started with.
func (i *instance) configure(ctx context.Context, s *spec) error {
	config := s.config
	if config == nil {
		config = json.RawMessage("{}")
	}
	return ask(ctx, i, lifecycle.FeatureConfigure, lifecycle.Configure, lifecycle.Config{JSON: config})
}

// ask has a plugin run one of its hooks, if it has it.
func ask[Req any](ctx context.Context, i *instance, feature string, m rpc.Method[Req, lifecycle.None], req Req) error {
	if !i.feature(feature) {
		return nil
	}
	_, err := m.Call(ctx, i.conn, req)
	return hookError(ctx, feature, err)
}

// hookError says which hook failed.
func hookError(ctx context.Context, feature string, err error) error {
	if err == nil {
		return nil
	}
	if end, ok := ctx.Deadline(); ok && !time.Now().Before(end) { // whose clock was first, the host's or the hook's, does not matter
		<-ctx.Done()
		err = context.Cause(ctx)
	}
	return fmt.Errorf("its %s hook: %w", hookNames[feature], brief(err))
}

// hookNames are the names of hooks in plugin.Server.
var hookNames = map[string]string{
	lifecycle.FeatureStart: "Start", lifecycle.FeatureConfigure: "Configure", lifecycle.FeatureRestore: "Restore", lifecycle.FeatureHealth: "Health",
	lifecycle.FeatureSnapshot: "Snapshot", lifecycle.FeatureRelease: "Release", lifecycle.FeatureResume: "Resume",
}

// snapshot takes the plugin's state.
func (i *instance) snapshot(ctx context.Context) (lifecycle.State, error) {
	s, err := lifecycle.Snapshot.Call(ctx, i.conn, lifecycle.None{})
	return s, hookError(ctx, lifecycle.FeatureSnapshot, err)
}

func (i *instance) restore(ctx context.Context, s lifecycle.State) error {
	return ask(ctx, i, lifecycle.FeatureRestore, lifecycle.Restore, s)
}

// keepsState reports whether state can be handed over from i to next.
func (i *instance) keepsState(next *instance) bool {
	return i.feature(lifecycle.FeatureSnapshot) && next.feature(lifecycle.FeatureRestore)
}

// succeeds is an error if a call that the old instance answers would find nothing, or something else, in the new one.
func (i *instance) succeeds(old *instance) error {
	if i.spec.foreign() || old.spec.foreign() {
		return nil
	}
	if err := wire.CheckUses(old.hello.Handles, i.hello.Handles, true); err != nil {
		return fmt.Errorf("it does not answer all that %s answers: %w", old.spec.titled(), brief(err))
	}
	return nil
}
