package host

import (
	"context"
	"fmt"
	"time"

	"github.com/go-hotplug/hotplug/manifest"
	"github.com/go-hotplug/hotplug/rpc"
)

// A link is what somebody wants to become of the connection to a process, which stays.
type link string

const (
	linkNone link = ""
	linkDown link = "disconnect"
	linkUp   link = "reconnect"
)

// Disconnect ends the connection to the plugin and leaves its process and its memory as they are: what is in flight is finished first, within the drain
// time-out. In the state Disconnected calls fail at once with Unavailable, unless their context says rpc.Wait. The process ends by itself when it
// was alone for disconnect.timeout. A plugin whose manifest does not say keep-alive is refused. Disconnecting twice is no error. The end of ctx ends
// the waiting, not the disconnecting. Of several wishes for the connection the latest counts.
func (p *Plugin) Disconnect(ctx context.Context) error { return p.wantLink(ctx, linkDown) }

// Reconnect connects again to the process that Disconnect has left, and returns when it answers calls. An error leaves it Disconnected. What was
// installed meanwhile follows then. A plugin that is connected stays so, without an error.
func (p *Plugin) Reconnect(ctx context.Context) error { return p.wantLink(ctx, linkUp) }

func (p *Plugin) wantLink(ctx context.Context, to link) error {
	p = p.real()
	if p.lookup != nil {
		return p.unavailable(string(to))
	}
	if err := p.want(ctx, wish{link: to}); err != nil {
		return fmt.Errorf("%s %s: %w", to, p.name, err)
	}
	return nil
}

// cannotKeep is why a plugin has no connection apart from its process.
func (s *spec) cannotKeep() error {
	return rpc.Errorf(rpc.Invalid, `it ends with its connection (disconnect.mode shutdown): set "disconnect": {"mode": "keep-alive", "timeout": "1h"} in its plugin.json, or host.Settings.Disconnect`)
}

// relink acts on what is wished of the connection while an instance answers calls.
func (l *life) relink(to link) phase {
	switch {
	case !l.current.spec.keeps():
		l.tell(l.spec.cannotKeep())
		return l.serving
	case to == linkUp:
		l.tell(nil)
		return l.serving
	}
	i := l.current
	l.p.serving.Store(nil)
	l.watch.end()
	l.p.move(Disconnected, "the host has disconnected, and its process stays", nil)
	l.drop()
	i.leaveAlone("the host is disconnecting and the drain time-out has passed")
	l.tell(nil)
	return l.disconnected
}

// leaveAlone ends the connection to a process that stays.
func (i *instance) leaveAlone(reason string) {
	i.part(rpc.Goodbye{Then: rpc.GoodbyePark}, rpc.Unavailable, reason)
	i.conn.Close()
	i.asked.Store(false)
}

// disconnected waits, without a connection, for somebody who wants one, and for the end of the process.
func (l *life) disconnected() phase {
	select {
	case <-l.p.asked.Done():
		if l.detaches(l.current) {
			l.letGoApart()
			return nil
		}
		l.endApart(Stopped, "the host asked it to stop", nil)
		l.tell(errAskedToStop)
		return nil
	case <-l.current.proc.Done():
		return l.endedApart()
	case <-l.p.wishes.made:
		return l.heedApart()
	}
}

// heedApart acts on a wish while there is no connection.
func (l *life) heedApart() phase {
	w := l.wished()
	if w == nil {
		return l.disconnected
	}
	l.heard = append(l.heard, w.heard...)
	switch {
	case w.link == linkDown:
		l.tell(nil)
	case w.link == linkUp:
		return l.reconnect()
	case w.spec == nil && w.rest == Failed: // what runs goes on
		l.tell(w.err)
	case w.spec == nil:
		l.endApart(w.rest, w.reason, w.err)
		l.tell(w.err)
		return l.resting
	case w.anew:
		if err := l.connectAgain(); err != nil {
			l.tell(err)
			return l.disconnected
		}
		return l.change(w)
	default: // it is seen to when there is a connection
		l.later = &wish{spec: w.spec, reason: w.reason}
		l.tell(nil)
	}
	return l.disconnected
}

func (l *life) reconnect() phase {
	err := l.connectAgain()
	l.tell(err)
	if err != nil {
		return l.disconnected
	}
	if l.later != nil {
		l.p.wishes.add(*l.later)
		l.later = nil
	}
	return l.serving
}

// connectAgain makes a new connection to the process.
func (l *life) connectAgain() error {
	limit := l.spec.timeouts.Start
	ctx, cancel := context.WithTimeoutCause(l.p.asked, limit, tooLate(limit))
	defer cancel()
	next, err := l.current.again(ctx)
	if err != nil {
		return err
	}
	l.adopt(next)
	l.p.move(Ready, "connected again to the same process", nil)
	return nil
}

// endApart ends a process to which there is no connection, in order.
func (l *life) endApart(to State, reason string, err error) {
	i := l.current
	l.current, l.later = nil, nil
	l.p.move(to, reason, err)
	i.endUnconnected()
	i.bury("")
}

// endUnconnected ends a process to which there is no connection, as if it had been told goodbye.
func (p *process) endUnconnected() {
	p.asked.Store(true)
	if p.active() {
		_ = p.proc.Terminate()
		p.awaitExit()
	}
}

// endedApart sees to the end of a process to which there was no connection: a crash, unless it has merely waited long enough.
func (l *life) endedApart() phase {
	i := l.current
	l.current = nil
	report := i.bury("while it was disconnected")
	if l.later != nil {
		l.adoptSpec(l.later.spec)
		l.later = nil
	}
	if i.proc.Exit().Success() && l.spec.restart.Policy != manifest.RestartAlways {
		l.p.move(Stopped, fmt.Sprintf("it ended by itself: it was disconnected, for at most %s (disconnect.timeout)", time.Duration(i.spec.disconnect.Timeout)), nil)
		l.tell(nil)
		return l.resting
	}
	return l.broke(report.Summary(), report)
}
