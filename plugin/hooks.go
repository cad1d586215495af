package plugin

import (
	"context"
	"encoding/json"

	"github.com/go-hotplug/hotplug/internal/lifecycle"
	"github.com/go-hotplug/hotplug/rpc"
)

// State is what a plugin knows and its successor is to know.
type State struct {
	Schema string // names the form of Data, for Restore to tell: the successor may be of another version
	Data   []byte // with its envelope it must fit a frame: 16 MiB, unless limits.frame says otherwise
}

// hooks answers the host's lifecycle calls with what the Server has of them.
type hooks struct {
	s       *Server
	turn    chan struct{} // holds one token: whoever has it runs a hook that changes the plugin, and has what is below
	started bool          // Start was called
	failed  error         // and returned this
}

func newHooks(s *Server) *hooks {
	h := &hooks{s: s, turn: make(chan struct{}, 1)}
	h.turn <- struct{}{}
	return h
}

// alone runs a hook that no other one may run beside, and waits for its turn until ctx ends.
func (h *hooks) alone(ctx context.Context, hook func() error) (none lifecycle.None, err error) {
	select {
	case <-h.turn:
		defer func() { h.turn <- struct{}{} }()
		return none, hook()
	case <-ctx.Done():
		return none, context.Cause(ctx)
	}
}

// features tells the host which lifecycle calls this plugin answers, and that it can be parked.
func (h *hooks) features() []string {
	stated := []string{}
	for _, f := range []struct {
		set  bool
		name string
	}{
		{h.s.Start != nil, lifecycle.FeatureStart}, {h.s.Configure != nil, lifecycle.FeatureConfigure}, {h.s.Restore != nil, lifecycle.FeatureRestore},
		{h.s.Health != nil, lifecycle.FeatureHealth}, {h.s.Snapshot != nil, lifecycle.FeatureSnapshot}, {h.s.Release != nil, lifecycle.FeatureRelease},
		{h.s.Resume != nil, lifecycle.FeatureResume}, {true, lifecycle.FeaturePark},
	} {
		if f.set {
			stated = append(stated, f.name)
		}
	}
	return stated
}

// handlers are those of the names that the protocol keeps for itself.
func (h *hooks) handlers() []rpc.Handler {
	var all []rpc.Handler
	add := func(set bool, answer rpc.Handler) {
		if set {
			all = append(all, answer)
		}
	}
	add(h.s.Start != nil, lifecycle.Start.Handle(h.start))
	add(h.s.Configure != nil, lifecycle.Configure.Handle(h.configure))
	add(h.s.Restore != nil, lifecycle.Restore.Handle(h.restore))
	add(h.s.Snapshot != nil, lifecycle.Snapshot.Handle(h.snapshot))
	add(h.s.Health != nil, lifecycle.Health.Handle(func(ctx context.Context, n lifecycle.None) (lifecycle.None, error) { return n, h.s.Health(ctx) }))
	add(h.s.Release != nil, lifecycle.Release.Handle(h.plain(h.s.Release)))
	add(h.s.Resume != nil, lifecycle.Resume.Handle(h.plain(h.s.Resume)))
	return all
}

func (h *hooks) start(ctx context.Context, _ lifecycle.None) (lifecycle.None, error) {
	return h.alone(ctx, func() error {
		if !h.started {
			h.started, h.failed = true, h.s.Start(ctx)
		}
		return h.failed
	})
}

func (h *hooks) configure(ctx context.Context, c lifecycle.Config) (lifecycle.None, error) {
	if len(c.JSON) == 0 {
		c.JSON = []byte("null")
	}
	return h.alone(ctx, func() error { return h.s.Configure(ctx, json.RawMessage(c.JSON)) })
}

func (h *hooks) restore(ctx context.Context, s lifecycle.State) (lifecycle.None, error) {
	return h.alone(ctx, func() error { return h.s.Restore(ctx, State(s)) })
}

func (h *hooks) snapshot(ctx context.Context, _ lifecycle.None) (lifecycle.State, error) {
	s, err := h.s.Snapshot(ctx)
	return lifecycle.State(s), err
}

// plain is a hook that is told nothing.
func (h *hooks) plain(hook func(context.Context) error) func(context.Context, lifecycle.None) (lifecycle.None, error) {
	return func(ctx context.Context, _ lifecycle.None) (lifecycle.None, error) {
		return h.alone(ctx, func() error { return hook(ctx) })
	}
}
