package host

import (
	"context"
	"fmt"
	"math/rand/v2"
	"net"
	"time"

	"github.com/go-hotplug/hotplug/host/internal/seam"
)

// Reconnect says how to dial a plugin that listens by itself, because it could not inherit a socket. The zero value is 5 attempts,
// 100 ms doubled each time, at most 5 s, with a jitter of up to 100 ms.
type Reconnect struct {
	Attempts int                             // how often to dial; 0: 5
	Delay    func(attempt int) time.Duration // before attempt 1, 2, ...; negative is an error; nil: 100 ms x 2^(attempt-1)
	MaxDelay time.Duration                   // 0: 5 s
}

const (
	defaultAttempts = 5
	defaultDelay    = 100 * time.Millisecond
	defaultMaxDelay = 5 * time.Second
	maxJitter       = 100 * time.Millisecond
)

// delay is how long to wait before an attempt, from 1, jitter not counted.
func (r Reconnect) delay(attempt int) (time.Duration, error) {
	limit := first(r.MaxDelay, defaultMaxDelay)
	if r.Delay == nil {
		return min(defaultDelay<<min(attempt-1, 16), limit), nil
	}
	d := r.Delay(attempt)
	if d < 0 {
		return 0, fmt.Errorf("host.Reconnect.Delay returned %s for attempt %d: a delay cannot be negative", d, attempt)
	}
	return min(d, limit), nil
}

// A dialler connects to plugins that listen by themselves.
type dialler struct {
	Reconnect
	once seam.Dialer // one attempt
}

// dial connects to a socket that may not be listened on yet. exited is closed if nobody ever will.
func (r dialler) dial(ctx context.Context, path string, exited <-chan struct{}) (net.Conn, error) {
	attempts := r.Attempts
	if attempts <= 0 {
		attempts = defaultAttempts
	}
	var last error
	for attempt := 1; attempt <= attempts; attempt++ {
		d, err := r.delay(attempt)
		if err != nil {
			return nil, err
		}
		select {
		case <-time.After(d + rand.N(maxJitter)):
		case <-exited:
			return nil, errExited
		case <-ctx.Done():
			return nil, context.Cause(ctx)
		}
		var c net.Conn
		if c, last = r.once(ctx, path); last == nil {
			return c, nil
		}
	}
	return nil, fmt.Errorf("no connection after %d attempts: %w", attempts, last)
}
