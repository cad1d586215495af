package plugin

import (
	"context"
	"sync"
	"time"

	"github.com/go-hotplug/hotplug/rpc"
)

// hostPeer is the host as handlers see it. It stays valid when the connection is replaced: what was not delivered on the earlier one is
// tried again on the later one.
type hostPeer struct {
	*rpc.Retrier

	mu      sync.RWMutex  // guards all below; never held while calling out
	latest  *session      // nil: none yet
	changed chan struct{} // closed when there is a later one, or none will come
	leaving bool          // no other session will come
}

func newHostPeer(callTimeout time.Duration) *hostPeer {
	h := &hostPeer{changed: make(chan struct{})}
	h.Retrier = rpc.NewRetrier(h.pick, callTimeout)
	return h
}

// connect makes a connection, which takes the place of the one before. A call may arrive, and its handler ask for its host, before connect has returned: it waits.
func (h *hostPeer) connect(s *session, connect func() *rpc.Conn) {
	h.mu.Lock()
	defer h.mu.Unlock()
	s.conn = connect()
	h.latest = s
	h.tell()
}

// leave says that no other session will come: nobody waits for one any more.
func (h *hostPeer) leave() {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.leaving = true
	h.tell()
}

// tell wakes those who wait. mu is held.
func (h *hostPeer) tell() {
	close(h.changed)
	h.changed = make(chan struct{})
}

// look returns the latest session, if another one may follow, and what is closed when that has changed.
func (h *hostPeer) look() (latest *session, leaving bool, changed <-chan struct{}) {
	h.mu.RLock()
	defer h.mu.RUnlock()
	return h.latest, h.leaving, h.changed
}

// pick is the rpc.Pick of calls to the host. While the plugin is parked, or about to be, a message waits for the next connection, until ctx ends or
// the process leaves; what a handler sends goes on on the connection of its call, as long as there is one.
func (h *hostPeer) pick(ctx context.Context, what string, not rpc.Peer) (rpc.Peer, error) {
	for {
		latest, leaving, changed := h.look()
		own := sessionOf(ctx)
		switch {
		case latest == nil:
			return nil, rpc.NotSent(rpc.Unavailable, "%s: no host is connected", what)
		case !latest.parks():
			return latest.conn, nil
		case own != nil && own.conn.Err() == nil && own.conn != not:
			return own.conn, nil
		case leaving:
			return nil, rpc.NotSent(rpc.Unavailable, "%s: the host is not connected, and this plugin is leaving", what)
		}
		select {
		case <-changed:
		case <-ctx.Done():
			return nil, rpc.NotSent(rpc.CodeOf(ctx.Err()), "%s: the host is not connected, and this plugin waits for it: %w", what, context.Cause(ctx))
		}
	}
}

// UnhandledNotices is for rpc.Unhandled: of the latest connection.
func (h *hostPeer) UnhandledNotices() int {
	latest, _, _ := h.look()
	if latest == nil {
		return 0
	}
	return latest.conn.UnhandledNotices()
}
