package host

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/go-hotplug/hotplug/rpc"
)

// Invoke implements rpc.Peer. While the plugin starts it waits, until ctx ends; if the plugin failed, is stopped or disabled, or is not installed, it
// fails at once and says why. While it is disconnected a call fails as well, unless ctx says rpc.Wait. A call that was not delivered is tried again by itself, and so is a Query whose instance was lost: see rpc.Retrier.
func (p *Plugin) Invoke(ctx context.Context, m *rpc.Message, reply any) error {
	return p.real().calls.Load().Invoke(ctx, m, reply)
}

// Notify implements rpc.Peer. It waits, and tries again, as Invoke does.
func (p *Plugin) Notify(ctx context.Context, m *rpc.Message) error {
	return p.real().calls.Load().Notify(ctx, m)
}

// Open implements rpc.Peer. It waits, and tries again, as Invoke does. A flow that has begun stays on the instance that it began on.
func (p *Plugin) Open(ctx context.Context, m *rpc.Message) (rpc.Flow, error) {
	return p.real().calls.Load().Open(ctx, m)
}

// pick is the rpc.Pick of a plugin's calls. The message that it is for holds the instance, until its Invoke, Notify or Open returns.
func (p *Plugin) pick(ctx context.Context, what string, not rpc.Peer) (rpc.Peer, error) {
	for {
		i, err := p.awaitOther(ctx, what, not)
		if err != nil {
			return nil, err
		}
		i.held.begin()
		if p.serving.Load() == i { // else a quiesce may not have seen the hold
			return i, nil
		}
		i.held.end()
	}
}

// await returns the instance that answers calls.
func (p *Plugin) await(ctx context.Context, what string) (*instance, error) {
	return p.real().awaitOther(ctx, what, nil)
}

// awaitStart is await for a plugin that requires this one, which need not be started for that.
func (p *Plugin) awaitStart(ctx context.Context) (*instance, error) {
	select {
	case <-p.settled:
	case <-ctx.Done():
		return nil, context.Cause(ctx)
	}
	if p.is(Idle) {
		return nil, nil
	}
	return p.await(ctx, "start")
}

// awaitOther is await for a message that failed on an instance. That it still serves means that its owner has not noticed yet.
func (p *Plugin) awaitOther(ctx context.Context, what string, not rpc.Peer) (*instance, error) {
	if i := p.serving.Load(); i != nil && rpc.Peer(i) != not {
		return i, nil
	}
	var hurry <-chan time.Time
	for {
		p.mu.Lock()
		state, changed := p.state, p.changed // before serving is looked at: it changes first
		p.mu.Unlock()
		if i := p.serving.Load(); i != nil && rpc.Peer(i) != not {
			return i, nil
		}
		if !state.waits() && (state != Disconnected || !rpc.Waits(ctx)) {
			return nil, p.unavailable(what)
		}
		if state == Idle {
			signal(p.called)
		}
		if state == Reloading && hurry == nil {
			timer := halfway(ctx)
			defer timer.Stop()
			hurry = timer.C
		}
		select {
		case <-changed:
		case <-hurry:
			signal(p.impatient)
		case <-p.done:
			return nil, p.unavailable(what)
		case <-ctx.Done():
			return nil, p.notInTime(ctx, what, state)
		}
	}
}

// halfway fires when half of the time that ctx leaves is over.
func halfway(ctx context.Context) *time.Timer {
	deadline, has := ctx.Deadline()
	if !has {
		deadline = time.Now().Add(defaultTimeouts.Call)
	}
	return time.NewTimer(time.Until(deadline) / 2)
}

// notInTime is why a message was not even sent: its context ended first.
func (p *Plugin) notInTime(ctx context.Context, what string, state State) error {
	now := "still starting"
	switch state {
	case Ready, Reloading:
		now = "being replaced or ended"
	case Disconnected:
		now = "still disconnected"
	case Backoff:
		p.mu.Lock()
		now = fmt.Sprintf("waiting to be started again: %s", p.reason)
		p.mu.Unlock()
	}
	return rpc.NotSent(rpc.CodeOf(ctx.Err()), "%s: plugin %q is %s: %w", what, p.name, now, context.Cause(ctx))
}

// Invoke implements rpc.Peer: one attempt of a call, for which it was picked.
func (i *instance) Invoke(ctx context.Context, m *rpc.Message, reply any) error {
	defer i.held.end()
	err := i.conn.Invoke(ctx, m, reply)
	i.heard(err)
	if err != nil {
		return i.annotate(err)
	}
	return nil
}

// heard notes that the plugin has answered, if that is what this is.
func (i *instance) heard(err error) {
	if !i.answered.Load() && (err == nil || !isTransport(err)) {
		i.answered.Store(true)
	}
}

// isTransport reports whether an error does not come from a handler of the plugin.
func isTransport(err error) bool {
	var e *rpc.Error
	return !errors.As(err, &e) || e.Origin == rpc.FromTransport
}

// CallTimeout says that the connection bounds calls whose context has no deadline: see rpc.Conn.
func (i *instance) CallTimeout() time.Duration { return i.conn.CallTimeout() }

// Notify implements rpc.Peer.
func (i *instance) Notify(ctx context.Context, m *rpc.Message) error {
	defer i.held.end()
	if err := i.awaitTurn(ctx, m.Type); err != nil {
		return err
	}
	if err := i.conn.Notify(ctx, m); err != nil {
		return i.annotate(err)
	}
	i.notified.Add(1)
	return nil
}

// maxWaiting is how many notices wait for the instance before to handle its own.
const maxWaiting = 1024

// awaitTurn has notices to a new instance wait until the one before has handled those that it was sent, so that they stay in order.
func (i *instance) awaitTurn(ctx context.Context, what string) error {
	if i.turn == nil || isClosed(i.turn) {
		return nil
	}
	defer i.waiting.Add(-1)
	if i.waiting.Add(1) > maxWaiting {
		return i.annotate(rpc.NotSent(rpc.Exhausted, "%s: it was replaced, and %d notices wait already until the old instance has handled those before them", what, maxWaiting))
	}
	select {
	case <-i.turn:
		return nil
	case <-ctx.Done():
		return i.annotate(rpc.NotSent(rpc.CodeOf(ctx.Err()), "%s: it was replaced, and the old instance has not handled the notices before this one: %w", what, context.Cause(ctx)))
	}
}

// Open implements rpc.Peer.
func (i *instance) Open(ctx context.Context, m *rpc.Message) (rpc.Flow, error) {
	defer i.held.end()
	f, err := i.conn.Open(ctx, m)
	if err != nil {
		return nil, i.annotate(err)
	}
	return &flow{f, i}, nil
}

// exitGrace is how long an error of a lost connection waits to learn how the process ended.
const exitGrace = 200 * time.Millisecond

// annotate names the plugin in an error of its connection. Errors of its handlers stay as they are.
func (i *instance) annotate(err error) error {
	var e *rpc.Error
	if !errors.As(err, &e) || e.Origin != rpc.FromTransport {
		return err
	}
	named := *e
	named.Message = fmt.Sprintf("plugin %s: %s", i.spec.title(), e.Message)
	if e.Code == rpc.Unavailable && i.conn.Err() != nil {
		select {
		case <-i.proc.Done():
			named.Message += " (" + i.howEnded() + ")"
		case <-time.After(exitGrace):
		}
	}
	return &named
}
