package plugin

import (
	"context"
	"sync"
	"sync/atomic"
	"time"

	"github.com/go-hotplug/hotplug/codec"
	"github.com/go-hotplug/hotplug/rpc"
)

// A life is one process serving its host. Its run method owns it; every other goroutine only sends to its channels.
type life struct {
	s          Server
	in         *inherited
	id         *identity
	serializer codec.Serializer
	mux        *rpc.Mux
	hooks      *hooks
	host       *hostPeer
	sessions   chan *session // from greet: a connection that passed its handshake
	admitting  sync.Mutex    // held from the check that no other host is there until this one is; nothing else is locked by it

	current *session   // the latest; nil before the first. This and the next two are run's
	parting []*session // replaced or parked; parted is closed when nothing of one is left
	end     error      // what Run returns

	gone     chan struct{} // closed when the host is: the process group is about to end
	kill     func()        // killGroup, but in tests: there it returns,
	killed   chan struct{} // and this is closed
	stopping atomic.Bool   // the Stop hook has been called
	stopped  chan struct{} // closed when it has returned
}

func (s Server) serve(ctx context.Context, in *inherited, id *identity) error {
	serializer, err := s.serializer(in.startup.Serializer)
	if err != nil {
		return exitf(ExitConfig, "%v", err)
	}
	l := &life{
		s: s, in: in, id: id, serializer: serializer, hooks: newHooks(&s), host: newHostPeer(in.callTimeout()), sessions: make(chan *session),
		gone: make(chan struct{}), kill: in.kill, killed: make(chan struct{}), stopped: make(chan struct{}),
	}
	if l.kill == nil {
		l.kill = killGroup
	}
	l.mux = rpc.NewMux(s.Handlers...).WithReserved(l.hooks.handlers()...)
	return l.run(ctx)
}

// A state is what a life is in. It waits for what ends it, and returns the one that follows; nil: the process ends.
//
//	                                   goodbye: park
//	            connection             or host lost, if kept      nothing in flight
//	awaiting ---------------> serving ----------------> draining -------------------> parked
//	                             ^                         |  connection                |
//	                             +-------------------------+----------------------------+
//
// Each of them ends when this process is asked to leave; what then follows stands in leave.go.
type state func(ctx context.Context) state

// run waits for the host, serves it, and leaves; also when ctx ends, which is what asks this process to leave.
func (l *life) run(ctx context.Context) error {
	go l.watchLifeline()
	accepting, stopAccepting := context.WithCancel(context.Background())
	defer stopAccepting()
	go l.accept(accepting)
	defer l.host.leave()
	for next := l.awaiting; next != nil; {
		next = next(ctx)
	}
	return l.end
}

// hostConnect is how long to wait for a host; 0 or less: for ever.
func (l *life) hostConnect() time.Duration {
	if l.s.HostConnectTimeout != 0 {
		return l.s.HostConnectTimeout
	}
	return time.Duration(l.in.startup.Timeouts.HostConnect) * time.Millisecond
}

// after is a timer that never fires if d is not positive.
func after(d time.Duration) (late <-chan time.Time, stop func()) {
	if d <= 0 {
		return nil, func() {}
	}
	timer := time.NewTimer(d)
	return timer.C, func() { timer.Stop() }
}

// awaiting: no host has connected yet. If none comes in time the process ends with an error, and if it is asked to leave, without one.
func (l *life) awaiting(ctx context.Context) state {
	late, stop := after(l.hostConnect())
	defer stop()
	select {
	case l.current = <-l.sessions:
		return l.serving
	case <-late:
		l.end = exitf(ExitUnavailable, "no host connected within %s (hostConnect): start this plugin through its host", l.hostConnect())
	case <-ctx.Done():
		if l.current = l.lastAdmitted(); l.current != nil {
			return l.serving // which has it leave
		}
	}
	return nil
}

// lastAdmitted closes the door, and returns the host that was just being admitted; nil if there was none.
func (l *life) lastAdmitted() *session {
	for !l.closeDoor() {
		select {
		case s := <-l.sessions:
			return s
		case <-time.After(admission):
		}
	}
	return nil
}

// serving: calls come and go on the current connection.
func (l *life) serving(ctx context.Context) state {
	s := l.current
	select {
	case next := <-l.sessions: // the same host again: the newer connection counts
		l.part(s)
		l.current = next
		return l.serving
	case <-s.spoken:
	case <-s.conn.Done():
	case <-ctx.Done():
		return l.askedToLeave
	}
	switch _, said := s.conn.Heard(); {
	case s.parks():
		l.part(s)
		return l.draining
	case said:
		return l.leaving
	}
	return l.lost
}

// draining: nothing new comes, and what is in flight on the connections of before is finished, however long it takes.
func (l *life) draining(ctx context.Context) state {
	if len(l.parting) == 0 {
		return l.parked
	}
	select {
	case <-l.parting[0].parted:
		l.parting = l.parting[1:]
	case l.current = <-l.sessions:
		return l.serving
	case <-l.current.spoken:
		if !l.current.parks() { // it has changed its mind
			return l.leaving
		}
	case <-ctx.Done():
		return l.leavingParked
	case <-l.gone:
		return l.killedWithHost
	}
	return l.draining
}

// admission is how long a parked plugin whose lease ends waits for a host that is in its handshake.
const admission = 10 * time.Millisecond

// parked: there is no connection. The lease ends it, unless the host is about to come back.
func (l *life) parked(ctx context.Context) state {
	late, stop := after(l.lease(l.current))
	defer stop()
	for {
		select {
		case l.current = <-l.sessions:
			return l.serving
		case <-late:
			if l.closeDoor() {
				return l.leavingParked
			}
			late, _ = after(admission) // so short that nobody stops it
		case <-ctx.Done():
			return l.leavingParked
		case <-l.gone:
			return l.killedWithHost
		}
	}
}

// closeDoor refuses whoever comes from now on; false if somebody is just being admitted.
func (l *life) closeDoor() bool {
	if !l.admitting.TryLock() {
		return false
	}
	defer l.admitting.Unlock()
	l.host.leave()
	return true
}

// killedWithHost waits for the end that watchLifeline makes.
func (l *life) killedWithHost(context.Context) state {
	<-l.killed
	return nil
}
