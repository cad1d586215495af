package plugin

import (
	"context"
	"slices"
	"time"

	"github.com/go-hotplug/hotplug/internal/lifecycle"
	"github.com/go-hotplug/hotplug/rpc"
)

// part takes leave of a session without ending the process: the host has parked it, or has connected again.
func (l *life) part(s *session) {
	l.parting = append(slices.DeleteFunc(l.parting, func(s *session) bool { return isClosed(s.parted) }), s)
	go func() {
		defer close(s.parted)
		if !s.parks() {
			hearOut(s.conn)
		}
		if !s.parks() {
			s.conn.Close()
			return
		}
		ctx := context.Background() // how long it takes is up to the host, which can end the connection
		_ = s.conn.Drain(ctx)
		g, _ := s.conn.Heard()
		_ = s.conn.Goodbye(ctx, rpc.Goodbye{Then: g.Then, Lease: max(l.lease(s), 0)})
		_ = s.conn.AwaitNotices(ctx) // those that it has read and not handled would be lost with the connection
		_ = s.conn.Drain(ctx)
		s.conn.Close()
	}()
}

func isClosed(c <-chan struct{}) bool {
	select {
	case <-c:
		return true
	default:
		return false
	}
}

// hearOut reads what the host had said on a connection before it made the next one: a goodbye that is in the socket still decides what becomes of
// the calls in flight. It comes before the answer to a ping.
func hearOut(conn *rpc.Conn) {
	ctx, cancel := context.WithTimeout(context.Background(), lastWord)
	defer cancel()
	_, _ = conn.Ping(ctx)
}

// lease is how long a plugin waits for its host after the end of this session; 0 or less: for ever.
func (l *life) lease(s *session) time.Duration {
	if g, _ := s.conn.Heard(); g.Lease > 0 {
		return g.Lease
	}
	if l.keepsAlive() {
		return time.Duration(l.in.startup.Disconnect.Timeout) * time.Millisecond
	}
	return l.hostConnect()
}

// keepsAlive reports whether this process outlives its host.
func (l *life) keepsAlive() bool { return l.in.startup.Disconnect.Mode == lifecycle.KeepAlive }

// awaitParting waits until nothing is left of the sessions that were parted with, or ctx ends, which ends them.
func (l *life) awaitParting(ctx context.Context) {
	for _, s := range l.parting {
		select {
		case <-s.parted:
		case <-ctx.Done():
			s.conn.Close()
			<-s.parted
		}
	}
	l.parting = nil
}
