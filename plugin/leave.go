package plugin

import (
	"context"
	"errors"
	"io"
	"syscall"
	"time"

	"github.com/go-hotplug/hotplug/rpc"
)

// The states in which a life ends. Each calls the Stop hook, once, and is the last.

// askedToLeave is leaving for a plugin that was asked to go by somebody else: it says goodbye and goes on serving until it
// has read the host's, so that nothing that is in the socket is lost.
func (l *life) askedToLeave(context.Context) state {
	l.host.leave()
	ctx, cancel := context.WithTimeout(context.Background(), l.stopTimeout())
	defer cancel()
	_ = l.current.conn.Goodbye(ctx, rpc.Goodbye{Then: rpc.GoodbyeStop})
	select {
	case <-l.current.spoken:
		return l.leaving(context.Background())
	case <-l.current.conn.Done():
	case <-ctx.Done():
	}
	return l.leaving(ctx)
}

// leaving ends what the host asked to end: what is in flight first, then the Stop hook. How long calls may still take is the
// host's decision: it cancels them, ends the connection, or sends SIGTERM, which ends ctx.
func (l *life) leaving(ctx context.Context) state {
	l.host.leave()
	conn := l.current.conn
	if err := conn.Drain(ctx); err != nil {
		l.s.Logger.Warn("leaving before all is finished", "reason", err)
	}
	l.awaitParting(ctx)
	lost := conn.Err() != nil
	l.end = l.stop()
	lastWords(conn)
	if lost {
		l.endWithHost()
	}
	return nil
}

// lost is the end of a connection that no goodbye went before.
func (l *life) lost(ctx context.Context) state {
	l.s.Logger.Debug("connection to the host is over", "reason", l.current.conn.Err())
	l.host.leave()
	l.awaitParting(ctx)
	if l.end = l.stop(); l.end == nil {
		l.end = brokenBy(l.current.conn.Err())
	}
	l.endWithHost()
	return nil
}

// brokenBy is the error of a connection that this side ended, as its host broke a rule of the protocol. One that the host closed, or that its end has
// cut off between two frames, was not broken.
func brokenBy(cause error) error {
	for _, end := range []error{rpc.ErrClosed, io.EOF, syscall.ECONNRESET, syscall.EPIPE} {
		if errors.Is(cause, end) {
			return nil
		}
	}
	return exitf(ExitSoftware, "connection to the host: %v", cause)
}

// leavingParked is the end of a plugin that has no connection any more, or only such as it has parted with.
func (l *life) leavingParked(context.Context) state {
	l.host.leave()
	l.awaitParting(context.Background())
	l.end = l.stop()
	select {
	case <-l.gone:
		return l.killedWithHost
	default:
		return nil
	}
}

// lastWords says goodbye and ends a connection.
func lastWords(conn *rpc.Conn) {
	ctx, cancel := context.WithTimeout(context.Background(), lastWord)
	defer cancel()
	_ = conn.Goodbye(ctx, rpc.Goodbye{Then: rpc.GoodbyeStop})
	_ = conn.Drain(ctx)
	conn.Close()
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
