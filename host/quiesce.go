package host

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"time"
)

// A busyError is why a plugin was not quiet in time.
type busyError struct{ why error }

func (e *busyError) Error() string { return "it is not idle for a moment: " + e.why.Error() }
func (e *busyError) Unwrap() error { return e.why }

var errImpatient = errors.New("a call that waits would lose half of its time")

// A hush is the time in which new calls wait and nothing runs in the old instance. It ends early if one of them must not wait any longer.
type hush struct {
	context.Context
	cancel context.CancelCauseFunc
}

// end ends the hush. err is what it was for came to; if a call could not wait for that, it is a busyError.
func (h *hush) end(err error) error {
	cause := context.Cause(h)
	h.cancel(nil)
	if err != nil && errors.Is(cause, errImpatient) {
		return &busyError{cause}
	}
	return err
}

// quiesce has new calls wait and returns when nothing runs in the old instance any more. On an error they go to the old instance again.
func (l *life) quiesce(ctx context.Context, old *instance) (*hush, error) {
	limit := time.Duration(l.spec.reload.Quiesce)
	ctx, cancel := context.WithCancelCause(ctx)
	h := &hush{ctx, cancel}
	soon, stop := context.WithTimeoutCause(ctx, limit, fmt.Errorf("calls are in flight after %s (reload.quiesce)", limit))
	defer stop()
	l.moveOldStreams(old)
	drainToken(l.p.impatient)
	l.p.serving.Store(nil)
	go func() {
		select {
		case <-l.p.impatient:
			cancel(errImpatient)
		case <-ctx.Done():
		}
	}()
	err := old.quiet(soon)
	if err == nil {
		return h, nil
	}
	if cause := context.Cause(soon); cause != nil {
		err = cause
	}
	cancel(nil)
	l.p.serving.Store(old)
	l.p.poke()
	return nil, &busyError{err}
}

// moveOldStreams ends streams that have kept a reload waiting for as long as the drain of an instance lets them be.
func (l *life) moveOldStreams(old *instance) {
	if l.tries == 0 {
		return
	}
	if time.Since(l.busy) >= cmp.Or(old.spec.timeouts.Drain, openEndedWait) {
		old.conn.MoveStreams(replaced)
	}
}

// quiet waits until nothing that was sent to an instance, or is about to be, is unanswered. It is picked no more.
func (i *instance) quiet(ctx context.Context) error {
	err := i.held.await(ctx)
	if err == nil {
		err = i.conn.Drain(ctx)
	}
	if err == nil {
		err = i.conn.AwaitNotices(ctx)
	}
	return err
}

func drainToken(c <-chan struct{}) {
	select {
	case <-c:
	default:
	}
}

const (
	firstRetry = 100 * time.Millisecond // after a reload that found the plugin busy; doubled each time
	lastRetry  = 30 * time.Second
)

// tryLater notes a reload that found the plugin busy, or at its end.
func (l *life) tryLater(next *spec, err error) phase {
	if l.tries == 0 {
		l.busy = time.Now()
	}
	l.tries++
	delay := backoff(l.tries, firstRetry, lastRetry)
	l.put, l.retry = &wish{spec: next, reason: "the reload is tried again", anew: true}, time.NewTimer(delay)
	return l.keep(fmt.Sprintf("%s goes on: the reload is tried again in %s: %s", l.spec.titled(), delay, headline(err)), err)
}

func (l *life) tryAgain() phase {
	w := l.put
	l.put = nil
	return l.change(w)
}

func (l *life) stopRetrying() {
	if l.retry != nil {
		l.retry.Stop()
		l.retry = nil
	}
	l.put = nil
}
