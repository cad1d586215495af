package host

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"sync/atomic"
	"time"

	"github.com/go-hotplug/hotplug/internal/lifecycle"
	"github.com/go-hotplug/hotplug/rpc"
)

// A Plugin is the handle of one plugin of a host: a Peer to call. It stays valid whatever becomes of the process behind it. All methods may be called
// concurrently.
type Plugin struct {
	name  string
	env   *environment
	spec  *spec // nil if there is nothing to launch: not installed, broken, disabled
	calls *rpc.Retrier

	serving atomic.Pointer[instance] // who answers calls; nil unless Ready. Whoever changes it closes changed after that
	ask     context.CancelCauseFunc  // ends the launch, or the plugin
	asked   context.Context          // done once somebody asked the plugin to stop
	settled chan struct{}            // closed by the owner at the first outcome: ready, failed or stopped
	done    chan struct{}            // closed by the owner when no process is left and none will be
	after   func()                   // called by the owner before that; nil: nothing

	mu         sync.Mutex // guards all below; never held while calling out
	state      State
	reason     string
	err        error // why it failed; nil unless Failed
	since      time.Time
	generation int
	changed    chan struct{} // closed and replaced by every move
	last       *instance     // the latest one, also when it is gone
}

func newPlugin(env *environment, name string, s *spec) *Plugin {
	p := &Plugin{name: name, env: env, spec: s, settled: make(chan struct{}), done: make(chan struct{}), changed: make(chan struct{})}
	p.calls = rpc.NewRetrier(p.pick, callTimeout(s))
	p.asked, p.ask = context.WithCancelCause(context.Background())
	return p
}

// callTimeout is for calls without a deadline; 0 if there is nothing to call.
func callTimeout(s *spec) time.Duration {
	if s == nil {
		return 0
	}
	return s.timeouts.Call
}

// Name is the plugin's name.
func (p *Plugin) Name() string { return p.name }

// Ping asks the plugin's connection for a sign of life and returns the round-trip time.
func (p *Plugin) Ping(ctx context.Context) (time.Duration, error) {
	i, err := p.await(ctx, "ping")
	if err != nil {
		return 0, err
	}
	d, err := i.conn.Ping(ctx)
	if err != nil {
		return 0, i.annotate(err)
	}
	return d, nil
}

// Ready waits until the plugin has started, and returns why it will not.
func (p *Plugin) Ready(ctx context.Context) error {
	_, err := p.await(ctx, "ready")
	return err
}

// Handles lists the messages that the plugin answers, as it said in its handshake; nil unless it is ready, and of a worker of
// isolated-workers/1, which does not say.
func (p *Plugin) Handles() []rpc.Use {
	if i := p.serving.Load(); i != nil {
		return rpc.UsesOf(i.hello.Handles)
	}
	return nil
}

// Close stops the plugin: it says goodbye, lets calls in flight finish within the drain time-out, and sees to it that the process and its group are gone. It waits for
// that. Closing twice is no error; a plugin that failed before has nothing left to close.
func (p *Plugin) Close() error {
	p.ask(errAskedToStop)
	<-p.done
	return nil
}

var errAskedToStop = errors.New("the host is stopping it")

// unavailable is why a call was not even sent.
func (p *Plugin) unavailable(what string) error {
	p.mu.Lock()
	state, reason, err := p.state, p.reason, p.err
	p.mu.Unlock()
	if missing := (*notInstalled)(nil); errors.As(err, &missing) {
		return rpc.NotSent(rpc.NotFound, "%s: %w", what, err)
	}
	if err != nil {
		return rpc.NotSent(rpc.Unavailable, "%s: plugin %q is %s: %w", what, p.name, state, err)
	}
	return rpc.NotSent(rpc.Unavailable, "%s: plugin %q is %s: %s", what, p.name, state, reason)
}

// notInstalled is why there is nothing behind a handle.
type notInstalled struct{ text string }

func (e *notInstalled) Error() string { return e.text }

// Status is a snapshot of a plugin.
type Status struct {
	Name        string    `json:"name"`
	Version     string    `json:"version,omitempty"`
	State       State     `json:"state"`
	Reason      string    `json:"reason,omitempty"` // one sentence
	Error       string    `json:"error,omitempty"`  // why it failed, with the last lines that it wrote; empty unless Failed
	Since       time.Time `json:"since"`
	Generation  int       `json:"generation"`
	PID         int       `json:"pid,omitempty"` // 0 if there is no process
	Connected   bool      `json:"connected"`
	Active      bool      `json:"active"`  // a process is running
	Pending     int       `json:"pending"` // calls to it in flight
	Serving     int       `json:"serving"` // calls of it that the host is handling
	Streams     int       `json:"streams"` // calls with streams that are open, in either direction; Pending and Serving count them too
	Notices     int       `json:"notices"` // notices to it that it has not handled
	Description string    `json:"description,omitempty"`
	Dir         string    `json:"dir,omitempty"`  // where it is installed
	Hash        string    `json:"hash,omitempty"` // of the tree that runs, SHA-256
	Warnings    []string  `json:"warnings,omitempty"`

	// DroppedReplies is how many answers of the process that runs came after their calls had ended, and went nowhere.
	DroppedReplies uint64 `json:"droppedReplies,omitempty"`
}

// Status returns a snapshot.
func (p *Plugin) Status() Status {
	p.mu.Lock()
	s := Status{Name: p.name, State: p.state, Reason: p.reason, Since: p.since, Generation: p.generation}
	if p.err != nil {
		s.Error = p.err.Error()
	}
	i := p.last
	p.mu.Unlock()
	if p.spec != nil {
		s.Version, s.Description, s.Dir, s.Warnings = p.spec.version, p.spec.description, p.spec.installed, p.spec.warnings
	}
	if i == nil {
		return s
	}
	s.Hash = i.hash
	if i.active() {
		s.Active, s.PID = true, i.worker.PID
	}
	if conn := i.conn; p.serving.Load() == i {
		stats := conn.Stats()
		s.Connected, s.Pending, s.Serving, s.Notices = conn.Err() == nil, stats.Pending, stats.Serving, stats.Unacknowledged
		s.Streams, s.DroppedReplies = stats.Streams, stats.DroppedReplies
	}
	return s
}

// feature reports whether the plugin said that it answers a lifecycle call.
func (i *instance) feature(name string) bool {
	for _, f := range i.hello.Features {
		if f == name {
			return true
		}
	}
	return false
}

var _ rpc.Peer = (*Plugin)(nil)

// startHook runs the plugin's Start hook, if it has one.
func (i *instance) startHook(ctx context.Context) error {
	if !i.feature(lifecycle.FeatureStart) {
		return nil
	}
	_, err := lifecycle.Start.Call(ctx, i.conn, lifecycle.None{})
	if err == nil {
		return nil
	}
	if end, ok := ctx.Deadline(); ok && !time.Now().Before(end) { // whose clock was first, the host's or the hook's, does not matter
		<-ctx.Done()
		err = context.Cause(ctx)
	}
	return fmt.Errorf("its Start hook: %w", err)
}
