package rpc

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"time"
)

const (
	firstBackoff = 5 * time.Millisecond // before another attempt; doubled each time. Of each the half to the whole is waited, at random
	maxBackoff   = time.Second

	// ownRepeats is how often a Query is asked again by itself though it may have run: one that kills whoever gets it must not use
	// up the restarts of a plugin, of which there are five in a minute unless its manifest says otherwise.
	ownRepeats = 3

	// patience is how long a message without a deadline is tried again, from its first failure: as long as a call may take unless
	// somebody says otherwise.
	patience = 30 * time.Second

	// farOff is from where on a deadline is none: it stands for "for ever".
	farOff = 24 * time.Hour
)

var errImpatient = fmt.Errorf("a message without a deadline is tried again for at most %s: %w", patience, context.DeadlineExceeded)

type retryKey struct{}

// WithRetry returns a context whose calls may be sent n more times, each, after attempts that may have run: their connection ended before
// the answer was there. It is for a Method that does no harm if it runs again, and goes before what a Query does by itself; 0 is never.
//
// A call that certainly did not run needs no permission, and an answer of the handler, errors included, is final.
func WithRetry(ctx context.Context, n int) context.Context {
	return context.WithValue(ctx, retryKey{}, max(n, 0))
}

// repeats is how often m may be sent again though it may have run.
func repeats(ctx context.Context, m *Message) int {
	if n, asked := ctx.Value(retryKey{}).(int); asked {
		return n
	}
	if m.Kind == KindQuery {
		return ownRepeats
	}
	return 0
}

// A Pick returns the Peer for the next attempt of a message of this name. It may wait for one, until ctx ends. Its error is final.
// not is the Peer whose connection failed just now, if that is why there is another attempt; else nil. A Pick that returns it again says
// that there is no other.
type Pick func(ctx context.Context, message string, not Peer) (Peer, error)

// A Retrier is a Peer over others that come and go: connections to one plugin, or to one host. A call or notice that certainly did not
// run (see Delivered) is tried again by itself, if its connection ended or said goodbye, or the other side had no room for it (Exhausted,
// retryable). A call that may have run, because its connection ended before the answer was there, is sent again only if it is a
// Query, at most 3 times, or as often as WithRetry allows. What a handler answered is final, whatever it is. A call with streams is opened
// again as long as it certainly has not begun: then it stays on its connection, and fails with it.
//
// Attempts end with ctx, and those of Invoke with the call time-out, which begins with the first of them. A message without a deadline, or with one that
// is more than a day off, is tried again until 30 s after its first failure. Between attempts it waits, for 5 ms at first and 1 s at the most. An
// error after more than one attempt says how many there were and how the last one failed; Delivered speaks of all of them.
//
// Notices that one goroutine sends stay in order: Notify returns when its notice is queued on some connection, or never will be. Each attempt is a message
// of its own to middleware and Observe. A message that succeeds the first time costs nothing more than without a Retrier.
type Retrier struct {
	pick    Pick
	timeout time.Duration
	late    error // the cause of a context that the call time-out ended
}

// NewRetrier returns a Retrier. callTimeout is for calls whose context has no deadline; 0 is none.
func NewRetrier(pick Pick, callTimeout time.Duration) *Retrier {
	return &Retrier{pick: pick, timeout: callTimeout, late: lateCause(callTimeout)}
}

// Invoke implements Peer.
func (r *Retrier) Invoke(ctx context.Context, m *Message, reply any) error {
	p, err := r.pick(ctx, m.Type, nil)
	if err != nil {
		return err
	}
	if _, has := ctx.Deadline(); has || r.timeout == 0 {
		return r.invoke(ctx, m, reply, p)
	}
	began := clock()
	if own, bounds := p.(interface{ CallTimeout() time.Duration }); bounds && own.CallTimeout() > 0 && own.CallTimeout() <= r.timeout {
		if err = p.Invoke(ctx, m, reply); err == nil {
			return nil
		}
		ctx, cancel := r.within(ctx, began)
		defer cancel()
		return r.retryInvoke(ctx, m, reply, p, err)
	}
	ctx, cancel := r.within(ctx, began)
	defer cancel()
	return r.invoke(ctx, m, reply, p)
}

// within bounds a call that began at began by the call time-out.
func (r *Retrier) within(ctx context.Context, began time.Duration) (context.Context, context.CancelFunc) {
	return context.WithTimeoutCause(ctx, r.timeout-(clock()-began), r.late)
}

var epoch = time.Now()

// clock is how much time has passed since some moment. It takes half as long as time.Now, which asks two clocks.
func clock() time.Duration { return time.Since(epoch) }

// invoke tries on p first, which ctx bounds.
func (r *Retrier) invoke(ctx context.Context, m *Message, reply any, p Peer) error {
	if err := p.Invoke(ctx, m, reply); err != nil {
		return r.retryInvoke(ctx, m, reply, p, err)
	}
	return nil
}

func (r *Retrier) retryInvoke(ctx context.Context, m *Message, reply any, p Peer, err error) error {
	return r.retry(ctx, m, p, err, func(p Peer) error { return p.Invoke(ctx, m, reply) })
}

// Notify implements Peer.
func (r *Retrier) Notify(ctx context.Context, m *Message) error {
	p, err := r.pick(ctx, m.Type, nil)
	if err != nil {
		return err
	}
	if err = p.Notify(ctx, m); err == nil {
		return nil
	}
	return r.retry(ctx, m, p, err, func(p Peer) error { return p.Notify(ctx, m) })
}

// Open implements Peer. A Flow that has begun stays on its connection, and ends with it; one that turns out never to have begun is opened again.
func (r *Retrier) Open(ctx context.Context, m *Message) (Flow, error) {
	p, err := r.pick(ctx, m.Type, nil)
	if err != nil {
		return nil, err
	}
	f, err := p.Open(ctx, m)
	if err != nil {
		err = r.retry(ctx, m, p, err, func(next Peer) (err error) { p = next; f, err = next.Open(ctx, m); return err })
	}
	if err != nil {
		return nil, err
	}
	return r.reopening(ctx, m, f, p), nil
}

// retry goes on after the first attempt, which failed on p with err.
func (r *Retrier) retry(ctx context.Context, m *Message, p Peer, err error, send func(Peer) error) error {
	t := trial{repeats: repeats(ctx, m)}
	if !t.again(p, err) {
		return err
	}
	waiting, cancel := patient(ctx)
	defer cancel()
	return r.goOn(ctx, waiting, m, &t, err, send)
}

// goOn tries until it succeeds, or may not any more. waiting bounds the time between attempts; err is how the last one failed, of which t has taken note.
func (r *Retrier) goOn(ctx, waiting context.Context, m *Message, t *trial, err error, send func(Peer) error) error {
	for {
		next, why := r.next(waiting, m.Type, t)
		if why != nil {
			return t.givenUp(err, why)
		}
		if next == t.failed {
			return t.ended(err)
		}
		last := err
		if err = send(next); err == nil {
			return nil
		}
		switch again := t.again(next, err); {
		case ctx.Err() != nil && errors.Is(err, ctx.Err()):
			return t.givenUp(last, err)
		case !again:
			return t.ended(err)
		}
	}
}

// next waits and picks. A connection that ended was reason enough to look for another at once, but only once.
func (r *Retrier) next(ctx context.Context, message string, t *trial) (Peer, error) {
	if t.failed == nil || t.attempts > 1 {
		if !pause(ctx, t.backoff()) {
			return nil, fromContext(ctx, message)
		}
	}
	return r.pick(ctx, message, t.failed)
}

// patient bounds the waiting for another attempt where the caller has not; attempts themselves may take as long as they do.
func patient(ctx context.Context) (context.Context, context.CancelFunc) {
	if deadline, has := ctx.Deadline(); has && time.Until(deadline) < farOff {
		return ctx, func() {}
	}
	return context.WithTimeoutCause(ctx, patience, errImpatient)
}

// pause waits; false if ctx ended first.
func pause(ctx context.Context, d time.Duration) bool {
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-timer.C:
		return ctx.Err() == nil
	case <-ctx.Done():
		return false
	}
}

// A trial is what is known of a message whose first attempt failed.
type trial struct {
	attempts int
	repeats  int           // how often it may still be sent again though it may have run
	perhaps  bool          // an attempt may have run
	failed   Peer          // whose connection is of no use any more; nil: that of the last attempt still is
	delay    time.Duration // what was waited last, jitter not counted
}

// again takes note of a failed attempt, and reports whether another one may follow.
func (t *trial) again(p Peer, err error) bool {
	t.attempts++
	t.failed = nil
	delivered := Delivered(err) == PerhapsDelivered
	t.perhaps = t.perhaps || delivered
	var e *Error
	if !errors.As(err, &e) || e == nil {
		return false
	}
	if e.unsent || e.lost {
		t.failed = p
	}
	if !delivered {
		return e.Retryable && (e.Code == Unavailable || e.Code == Exhausted)
	}
	t.repeats--
	return e.lost && t.repeats >= 0
}

// backoff is how long to wait before the next attempt.
func (t *trial) backoff() time.Duration {
	t.delay = min(max(2*t.delay, firstBackoff), maxBackoff)
	return t.delay/2 + rand.N(t.delay/2)
}

// ended is err, which ends the message, as it is true of all attempts. An answer stays as it is, but for what it says of this attempt alone.
func (t *trial) ended(err error) error {
	var e *Error
	switch {
	case t.attempts == 1 || !errors.As(err, &e) || e == nil:
		return err
	case e.lost || e.Retryable && Delivered(err) == NotDelivered:
		return t.givenUp(err, nil)
	case t.perhaps && Delivered(err) == NotDelivered:
		own := *e
		own.unsent, own.NotStarted = false, false
		return &own
	}
	return err
}

// givenUp says how often the message was tried, how the last attempt failed, and why there is no other. why is nil if that is reason enough.
func (t *trial) givenUp(last, why error) error {
	e := &Error{
		Code: CodeOf(last), Message: fmt.Sprintf("%v (attempt %d)", last, t.attempts), Cause: toError(last, 1),
		Origin: FromTransport, NotStarted: !t.perhaps, local: last,
	}
	if why != nil {
		e.Code, e.local = CodeOf(why), errors.Join(why, last)
		e.Message += "; then: " + why.Error()
	}
	return e
}

// elsewhere marks the error of a message that its connection did not take, and another one may.
func elsewhere(e *Error) *Error {
	e.Retryable = true
	return e
}

var _ Peer = (*Retrier)(nil)
