package host

import (
	"context"
	"sync/atomic"
)

// A hold counts the messages for which an instance was picked, until its connection knows of them: a call until it is answered, a notice until it is
// queued, a flow until it is open. Before that middleware runs, for as long as it likes. Use newHold.
type hold struct {
	n    atomic.Int64
	free chan struct{} // one slot: whoever ends the last one signals, await receives
}

func newHold() hold { return hold{free: make(chan struct{}, 1)} }

func (h *hold) begin() { h.n.Add(1) }

func (h *hold) end() {
	if h.n.Add(-1) == 0 {
		signal(h.free)
	}
}

// await waits until there is none. One goroutine may wait at a time, while the instance is picked no more.
func (h *hold) await(ctx context.Context) error {
	for h.n.Load() > 0 {
		select {
		case <-h.free:
		case <-ctx.Done():
			return context.Cause(ctx)
		}
	}
	return nil
}
