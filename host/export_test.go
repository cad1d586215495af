package host

import (
	"context"
	"errors"
	"net"
	"time"

	"github.com/hashicorp/go-hclog"

	"github.com/go-hotplug/hotplug/internal/wire"
	"github.com/go-hotplug/hotplug/registry"
	"github.com/go-hotplug/hotplug/rpc"
)

// The windows for tests: pieces that are better tried alone.

var (
	Moves              = moves
	MustAllow          = mustAllow
	BuildEnv           = buildEnv
	InheritedNames     = inheritedNames
	DefaultStateDir    = defaultStateDir
	SocketPathLimit    = socketPathLimit
	CheckSocketPath    = checkSocketPath
	CheckRuntimeParent = checkRuntimeParent
	BindSocket         = bindSocket
)

const (
	EventBuffer = eventBuffer
	MaxLine     = maxLine
	TailLines   = tailLines
	TailBytes   = tailBytes
	EventBytes  = eventBytes
	MaxJitter   = maxJitter
	ExitGrace   = exitGrace
)

// Dial connects to a socket that may not be listened on yet.
func Dial(r Reconnect, ctx context.Context, path string, exited <-chan struct{}) (net.Conn, error) {
	return dialler{r, dialSocket}.dial(ctx, path, exited)
}

// DelayOf is the delay before an attempt, jitter not counted.
func (r Reconnect) DelayOf(attempt int) (time.Duration, error) { return r.delay(attempt) }

// Over is what t leaves unset taken from next.
func (t Timeouts) Over(next Timeouts) Timeouts { return t.over(next) }

// SpecTimeouts are the time-outs that a plugin was launched with.
func (p *Plugin) SpecTimeouts() Timeouts {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.spec.timeouts
}

// SpecFingerprint tells what runs from what needs another process.
func (p *Plugin) SpecFingerprint() string {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.spec.fingerprint(nil)
}

// SpecLimits are the limits that a plugin was launched with.
func (p *Plugin) SpecLimits() wire.Limits {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.spec.limits
}

// RuntimeDir is the host's folder of sockets.
func (h *Host) RuntimeDir() string { return h.env.runtime.path }

// Printable is text as it is logged.
func Printable(text string) string { return printable(text) }

// ParseLine is what becomes of a line of output.
func ParseLine(text string) (hclog.Level, string, []any) {
	l := parseLine(text)
	return l.level, l.message, l.args
}

// Flood publishes n events with that text to a reader that reads none of them, and returns what it finds then. Generation counts them from 0.
func Flood(n int, text string) (found []Event) {
	var b broadcast
	r := b.subscribe()
	for i := range n {
		b.publish(Event{Generation: i, Reason: text, Err: errors.New(text)})
	}
	for e, more := b.take(r); more; e, more = b.take(r) {
		found = append(found, e)
	}
	return found
}

// StartingPlugin is a handle whose plugin never gets further.
func StartingPlugin(name string) *Plugin {
	p := newPlugin(&environment{}, name)
	p.state = Starting
	return p
}

// Conn is the connection of the instance that answers calls.
func (p *Plugin) Conn() *rpc.Conn { return p.serving.Load().conn }

// TakeOver has q's instance answer the calls to p, as a reload would.
func (p *Plugin) TakeOver(q *Plugin) {
	p.serving.Store(q.serving.Load())
	p.mu.Lock()
	defer p.mu.Unlock()
	close(p.changed)
	p.changed = make(chan struct{})
}

// Waits reports whether calls wait in this state.
func (s State) Waits() bool { return s.waits() }

// Look has the plugin become what its folder says, as a host that watches does; it waits for nothing.
func (p *Plugin) Look(ctx context.Context) error {
	w, err := p.find(ctx)
	if err == nil {
		p.send(w)
	}
	return err
}

// Reconcile sees to what a watch has found.
func (h *Host) Reconcile(reg *registry.Registry) { h.reconcile(reg) }

// A RuntimeFolder is a host's folder of sockets.
type RuntimeFolder struct{ d *runtimeDir }

// OpenRuntimeDir makes one in parent.
func OpenRuntimeDir(parent string) (RuntimeFolder, error) {
	d, err := openRuntimeDir(parent)
	return RuntimeFolder{d}, err
}

func (f RuntimeFolder) Path() string            { return f.d.path }
func (f RuntimeFolder) Socket() (string, error) { return f.d.socket() }
func (f RuntimeFolder) Remove() error           { return f.d.remove() }
