package plugin

import (
	"context"
	"io"
	"sync"
	"sync/atomic"
	"time"

	"github.com/go-hotplug/hotplug/codec"
	"github.com/go-hotplug/hotplug/internal/lifecycle"
	"github.com/go-hotplug/hotplug/rpc"
)

// A life is one process serving its host. Its run method owns it; every other goroutine only sends to its channels.
type life struct {
	s          Server
	in         *inherited
	id         *identity
	serializer codec.Serializer
	mux        *rpc.Mux
	host       *hostPeer
	sessions   chan *session    // from greet: a connection that passed its handshake
	admitting  sync.Mutex       // held from the check that no other host is there until this one is; nothing else is locked by it
	goodbyes   chan rpc.Goodbye // from the connection: the host starts no new calls
	gone       chan struct{}    // closed when the host is: the process group is about to end
	kill       func()           // killGroup, but in tests: there it returns,
	killed     chan struct{}    // and this is closed
	stopping   atomic.Bool      // the Stop hook has been called
	stopped    chan struct{}    // closed when it has returned
}

// hostGoneGrace is how long the Stop hook has when the host died.
const hostGoneGrace = 500 * time.Millisecond

func (s Server) serve(ctx context.Context, in *inherited, id *identity) error {
	serializer, err := s.serializer(in.startup.Serializer)
	if err != nil {
		return exitf(ExitConfig, "%v", err)
	}
	l := &life{
		s: s, in: in, id: id, serializer: serializer, host: newHostPeer(in.callTimeout()), sessions: make(chan *session), goodbyes: make(chan rpc.Goodbye, 1),
		gone: make(chan struct{}), kill: in.kill, killed: make(chan struct{}), stopped: make(chan struct{}),
	}
	if l.kill == nil {
		l.kill = killGroup
	}
	l.mux = rpc.NewMux(s.Handlers...).WithReserved(l.lifecycle()...)
	return l.run(ctx)
}

// run waits for the host, serves it, and leaves; also when ctx ends, which is what asks this process to leave.
func (l *life) run(ctx context.Context) error {
	go l.watchLifeline()
	accepting, stopAccepting := context.WithCancel(context.Background())
	defer stopAccepting()
	go l.accept(accepting)

	first, err := l.awaitHost(ctx)
	if first == nil {
		return err
	}
	return l.serveSession(ctx, first)
}

// awaitHost waits for the first connection. Without a session the process ends, with the error or, if it was asked to leave, without one.
func (l *life) awaitHost(ctx context.Context) (*session, error) {
	limit := l.s.HostConnectTimeout
	if limit == 0 {
		limit = time.Duration(l.in.startup.Timeouts.HostConnect) * time.Millisecond
	}
	var late <-chan time.Time
	if limit > 0 {
		timer := time.NewTimer(limit)
		defer timer.Stop()
		late = timer.C
	}
	select {
	case first := <-l.sessions:
		return first, nil
	case <-late:
		return nil, exitf(ExitUnavailable, "no host connected within %s (hostConnect): start this plugin through its host", limit)
	case <-ctx.Done():
		return nil, nil
	}
}

// serveSession serves until the host says goodbye, its connection ends, or this process is asked to leave.
func (l *life) serveSession(ctx context.Context, current *session) error {
	for {
		select {
		case next := <-l.sessions: // the same host again: the newer connection counts
			current.conn.Close()
			current = next
		case <-l.goodbyes:
			return l.leave(ctx, current)
		case <-ctx.Done():
			return l.leaveFirst(current)
		case <-current.conn.Done():
			l.s.Logger.Debug("connection to the host is over", "reason", current.conn.Err())
			err := l.stop()
			l.endWithHost()
			return err
		}
	}
}

// leave ends what the host asked to end: what is in flight first, then the Stop hook. How long calls may still take is the
// host's decision: it cancels them, ends the connection, or sends SIGTERM, which ends ctx.
func (l *life) leave(ctx context.Context, current *session) error {
	if err := current.conn.Drain(ctx); err != nil {
		l.s.Logger.Warn("leaving before all is finished", "reason", err)
	}
	lost := current.conn.Err() != nil
	err := l.part(current)
	if lost {
		l.endWithHost()
	}
	return err
}

// leaveFirst is leave for a plugin that was asked to go by somebody else: it says goodbye and goes on serving until it
// has read the host's, so that nothing that is in the socket is lost.
func (l *life) leaveFirst(current *session) error {
	ctx, cancel := context.WithTimeout(context.Background(), l.stopTimeout())
	defer cancel()
	_ = current.conn.Goodbye(ctx, rpc.Goodbye{Then: rpc.GoodbyeStop})
	select {
	case <-l.goodbyes:
		return l.leave(context.Background(), current)
	case <-current.conn.Done():
	case <-ctx.Done():
	}
	return l.leave(ctx, current)
}

// part runs the Stop hook, says the last word and closes the connection.
func (l *life) part(current *session) error {
	err := l.stop()
	ctx, cancel := context.WithTimeout(context.Background(), lastWord)
	defer cancel()
	_ = current.conn.Goodbye(ctx, rpc.Goodbye{Then: rpc.GoodbyeStop})
	_ = current.conn.Drain(ctx)
	current.conn.Close()
	return err
}

// lastWord is how long the last bytes may take to leave.
const lastWord = 500 * time.Millisecond

// stop runs the Stop hook within the host's stop time-out.
func (l *life) stop() error {
	ctx, cancel := context.WithTimeout(context.Background(), l.stopTimeout())
	defer cancel()
	if err := l.stopHook(ctx); err != nil {
		return exitf(ExitSoftware, "stop: %v", err)
	}
	return nil
}

func (l *life) stopTimeout() time.Duration {
	if ms := l.in.startup.Timeouts.Stop; ms > 0 {
		return time.Duration(ms) * time.Millisecond
	}
	return time.Hour // no limit was set: the host's patience is the limit
}

// stopHook runs Stop, once: whoever comes later waits for it, until ctx ends.
func (l *life) stopHook(ctx context.Context) error {
	if l.s.Stop == nil {
		return nil
	}
	if l.stopping.CompareAndSwap(false, true) {
		defer close(l.stopped)
		return l.s.Stop(rpc.WithCaller(ctx, l.host))
	}
	select {
	case <-l.stopped:
	case <-ctx.Done():
	}
	return nil
}

// lifelineLag is how long after its connection the lifeline of a host that died may end: the kernel closes both, one after the other.
const lifelineLag = 100 * time.Millisecond

// endWithHost is called when the connection was lost. It returns if the host is still there: if not, the whole process group ends,
// which an exit of this process alone would prevent.
func (l *life) endWithHost() {
	if l.in.rest == nil || l.in.startup.Disconnect.Mode == lifecycle.KeepAlive {
		return
	}
	timer := time.NewTimer(lifelineLag)
	defer timer.Stop()
	select {
	case <-l.gone:
		<-l.killed // watchLifeline ends the group
	case <-timer.C:
	}
}

// watchLifeline ends the process group when the host is gone.
func (l *life) watchLifeline() {
	if l.in.rest == nil {
		return
	}
	_, err := io.Copy(io.Discard, l.in.rest)
	if err != nil {
		return // it tells nothing of the host
	}
	if l.in.startup.Disconnect.Mode == lifecycle.KeepAlive {
		return
	}
	var once sync.Once
	end := func() { once.Do(func() { l.kill(); close(l.killed) }) }
	time.AfterFunc(hostGoneGrace, end) // whatever the hook and the logger do
	close(l.gone)
	l.s.Logger.Warn("the host is gone: leaving", "host", l.in.startup.Host.Name, "pid", l.in.startup.Host.PID)
	ctx, cancel := context.WithTimeout(context.Background(), hostGoneGrace)
	defer cancel()
	if err := l.stopHook(ctx); err != nil {
		l.s.Logger.Warn("Stop hook failed", "error", err)
	}
	end()
}
