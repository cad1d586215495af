package host

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"sync"
	"sync/atomic"
	"time"

	"github.com/go-hotplug/hotplug/rpc"
)

// A Plugin is the handle of one plugin of a host: a Peer to call. It stays valid whatever becomes of the process behind it. All methods may be called
// concurrently.
type Plugin struct {
	name  string
	env   *environment
	find  func(context.Context) (wish, error) // what the plugins folder says of it now
	calls atomic.Pointer[caller]

	lookup  func() *Plugin        // of a name that is not installed: what is, by now; nil: this plugin is installed
	readied func()                // called by the owner when the plugin is ready; nil: nobody wants to know
	enabled func(context.Context) // sees to what could not run because it was disabled; nil: nobody does
	disable func(off bool)        // notes that the plugin is switched off; does nothing where there is no host

	serving   atomic.Pointer[instance] // who answers calls. Whoever changes it closes changed after that
	ask       context.CancelCauseFunc  // ends the launch, or the plugin
	asked     context.Context          // done once somebody asked the plugin to stop
	wishes    wishes
	called    chan struct{} // one slot: a call of an idle plugin signals, its owner receives
	impatient chan struct{} // one slot: a call that waits for a reload and must not much longer signals, the reload receives
	settling  sync.Once
	settled   chan struct{} // closed at the first outcome: ready, failed or stopped
	done      chan struct{} // closed by the owner when no process is left and none will be
	after     func()        // called by the owner before that; nil: nothing

	mu         sync.Mutex // guards all below; never held while calling out
	owned      bool       // it has an owner
	looked     time.Time  // when somebody last asked what is installed, for this plugin alone
	spec       *spec      // what runs, or is to; nil if there is nothing to launch: not installed, broken, disabled
	state      State
	reason     string
	err        error // why it failed; nil unless it did
	since      time.Time
	generation int
	changed    chan struct{} // closed and replaced by every move
	last       *instance     // the latest one that was ready, also when it is gone
	postponed  *spec         // what is to run once a plugin answers calls that it requires; nil: nothing
	requires   string        // that plugin
}

// A caller is how calls travel, with the time-out that calls without a deadline have.
type caller struct {
	*rpc.Retrier
	timeout time.Duration
}

func newPlugin(env *environment, name string) *Plugin {
	p := &Plugin{
		name: name, env: env, wishes: newWishes(), called: make(chan struct{}, 1), impatient: make(chan struct{}, 1),
		disable: func(bool) {}, settled: make(chan struct{}), done: make(chan struct{}), changed: make(chan struct{}), since: time.Now(),
	}
	p.calls.Store(&caller{Retrier: rpc.NewRetrier(p.pick, defaultTimeouts.Call), timeout: defaultTimeouts.Call})
	p.asked, p.ask = context.WithCancelCause(context.Background())
	return p
}

// real is the plugin to call: of a handle that was made before the plugin was installed, the one that is.
func (p *Plugin) real() *Plugin {
	if p.lookup != nil {
		if installed := p.lookup(); installed != nil {
			return installed
		}
	}
	return p
}

// Name is the plugin's name.
func (p *Plugin) Name() string { return p.name }

// Ping asks the plugin's connection for a sign of life and returns the round-trip time. It waits for one for as long as a call may take (timeouts.call).
func (p *Plugin) Ping(ctx context.Context) (time.Duration, error) {
	i, err := p.await(ctx, "ping")
	if err != nil {
		return 0, err
	}
	if limit := i.spec.timeouts.Call; limit > 0 {
		short, cancel := context.WithTimeoutCause(ctx, limit, fmt.Errorf("no answer within %s (timeouts.call)", limit))
		defer cancel()
		ctx = short
	}
	d, err := i.conn.Ping(ctx)
	if err != nil {
		return 0, i.annotate(err)
	}
	return d, nil
}

// Ready waits until the plugin has started, and returns why it will not. One whose process is gone is not ready, also if the host has not seen to
// that yet.
func (p *Plugin) Ready(ctx context.Context) error {
	p = p.real()
	var gone rpc.Peer
	if i := p.serving.Load(); i != nil && i.isOver() {
		gone = i
	}
	_, err := p.awaitOther(ctx, "ready", gone)
	return err
}

// Handles lists the messages that the plugin answers, as it said in its handshake; nil unless it is ready, and of a worker of
// isolated-workers/1, which does not say.
func (p *Plugin) Handles() []rpc.Use {
	if i := p.real().serving.Load(); i != nil {
		return rpc.UsesOf(i.hello.Handles)
	}
	return nil
}

// Close stops the plugin: it says goodbye, lets calls in flight finish within the drain time-out, and sees to it that the process and its group are gone. It waits for
// that. Closing twice is no error; a plugin that failed before has nothing left to close.
func (p *Plugin) Close() error {
	p = p.real()
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

// Reload looks at what is installed now and starts a new process of it beside the one that runs, also if nothing has changed: see the manifest's key reload for
// how the new one takes over. It returns once the new one answers calls, or with why it does not; then the old one goes on. A plugin that is not running is started.
// What had been refused or quarantined is tried again; one that is disabled is not. The end of ctx ends the waiting, not the reload.
func (p *Plugin) Reload(ctx context.Context) error {
	p = p.real()
	w, err := p.find(ctx)
	if err != nil {
		return fmt.Errorf("reload %s: %w", p.name, err)
	}
	if w.spec == nil && w.rest == Disabled {
		return fmt.Errorf("reload %s: %w", p.name, fmt.Errorf("it is disabled (%s): enable it instead, which starts what is installed", w.reason))
	}
	if w.anew = true; w.spec != nil {
		w.reason = "a reload was asked for"
	}
	if err := p.want(ctx, w); err != nil {
		return fmt.Errorf("reload %s: %w", p.name, err)
	}
	return nil
}

// Disable stops the plugin, in order, and keeps it from being started until Enable. It is not written down anywhere: a new host starts it.
func (p *Plugin) Disable(ctx context.Context) error {
	p = p.real()
	if p.lookup != nil {
		return p.unavailable("disable")
	}
	p.disable(true)
	return p.want(ctx, wish{rest: Disabled, reason: "it was disabled"})
}

// Enable ends what Disable said, and a quarantine, and starts the plugin if it is not running. It returns once the plugin answers calls, or with why it does not.
func (p *Plugin) Enable(ctx context.Context) error {
	p = p.real()
	if p.lookup != nil {
		return p.unavailable("enable")
	}
	p.disable(false)
	if p.serving.Load() != nil {
		return nil
	}
	if p.is(Disconnected) {
		return p.Reconnect(ctx)
	}
	w, err := p.find(ctx)
	if err != nil {
		return fmt.Errorf("enable %s: %w", p.name, err)
	}
	if w.anew = true; w.spec != nil {
		w.reason = "it was enabled"
	}
	err = p.want(ctx, w)
	if err == nil && p.enabled != nil {
		p.enabled(ctx)
	}
	return err
}

// UnhandledNotices is for rpc.Unhandled: of the instance that answers calls.
func (p *Plugin) UnhandledNotices() int {
	if i := p.real().serving.Load(); i != nil {
		return i.conn.UnhandledNotices()
	}
	return 0
}

// Status is a snapshot of a plugin.
type Status struct {
	Name        string        `json:"name"`
	Version     string        `json:"version,omitempty"`
	State       State         `json:"state"`
	Reason      string        `json:"reason,omitempty"` // one sentence
	Error       string        `json:"error,omitempty"`  // why it failed, with the last lines that it wrote; of one that runs, why what is installed does not
	Since       time.Time     `json:"since"`
	Generation  int           `json:"generation"`
	PID         int           `json:"pid,omitempty"` // 0 if there is no process
	Connected   bool          `json:"connected"`
	Active      bool          `json:"active"`           // a process is running
	Pending     int           `json:"pending"`          // calls to it in flight
	Oldest      time.Duration `json:"oldest,omitempty"` // for how long the oldest of Pending has waited; in JSON, nanoseconds
	Serving     int           `json:"serving"`          // calls of it that the host is handling
	Streams     int           `json:"streams"`          // calls with streams that are open, in either direction; Pending and Serving count them too
	Left        int           `json:"left,omitempty"`   // calls to it that were given up and whose handlers have not ended: each counts towards limits.inflight or limits.streams until then
	Notices     int           `json:"notices"`          // notices to it that it has not handled
	Description string        `json:"description,omitempty"`
	Dir         string        `json:"dir,omitempty"`      // where it is installed
	Hash        string        `json:"hash,omitempty"`     // of the tree that runs, SHA-256
	Warnings    []string      `json:"warnings,omitempty"` // of its manifest, and the limits that this machine does not hold it to

	// What the process takes of the machine, where the system tells (Linux): resident memory in bytes, CPU time since its start, open descriptors.
	Memory      int64         `json:"memory,omitempty"`
	CPU         time.Duration `json:"cpu,omitempty"` // in JSON, nanoseconds
	Descriptors int           `json:"descriptors,omitempty"`

	// DroppedReplies is how many answers of the process that runs came after their calls had ended, and went nowhere.
	DroppedReplies uint64 `json:"droppedReplies,omitempty"`
	// Denied is how many calls and notices to the host were refused, on the connection that there is, because the plugin may not make them.
	Denied uint64 `json:"denied,omitempty"`
}

// Status returns a snapshot.
func (p *Plugin) Status() Status {
	p = p.real()
	p.mu.Lock()
	s := Status{Name: p.name, State: p.state, Reason: p.reason, Since: p.since, Generation: p.generation}
	if p.state == "" {
		s.State, s.Reason = Starting, "it is about to start"
	}
	if p.err != nil {
		s.Error = p.err.Error()
	}
	i, spec := p.last, p.spec
	p.mu.Unlock()
	if spec != nil {
		s.Version, s.Description, s.Dir, s.Warnings = spec.version, spec.description, spec.installed, spec.warnings
	}
	if i == nil {
		return s
	}
	s.Hash, s.Generation = i.hash(), i.worker.Generation
	s.Warnings = slices.Concat(s.Warnings, i.unkept)
	if i.active() {
		s.Active, s.PID = true, i.worker.PID
		if u, known := i.proc.Usage(); known {
			s.Memory, s.CPU, s.Descriptors = u.Memory, u.CPU, u.Descriptors
		}
	}
	if conn := i.conn; p.serving.Load() == i {
		stats := conn.Stats()
		s.Connected, s.Pending, s.Serving, s.Notices = conn.Err() == nil, stats.Pending, stats.Serving, stats.Unacknowledged
		s.Left, s.Oldest = stats.Left, stats.Oldest
		s.Streams, s.DroppedReplies, s.Denied = stats.Streams, stats.DroppedReplies, stats.Denied
	}
	return s
}

var _ rpc.Peer = (*Plugin)(nil)
