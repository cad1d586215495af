package hosttest

import "github.com/go-hotplug/hotplug/rpc"

// Crash ends a plugin's process at once, and returns when the host knows.
func (h *Host) Crash(name string, e Exit) {
	h.t.Helper()
	l := h.running(name)
	h.untilMoved(name, func() { l.Exit(e.Code, e.Signal, e.Stderr...) })
}

// Leave has a plugin say goodbye before its host does, and returns when the host has begun to stop it.
func (h *Host) Leave(name string) {
	h.t.Helper()
	l := h.running(name)
	h.untilMoved(name, l.Leave)
}

// Freeze stands a plugin's process still, as SIGSTOP does, or a deadlock: it reads nothing, what it writes does not arrive, and it
// does not act on SIGTERM. A handler that runs already goes on. The host closes a frozen plugin with SIGKILL, in the end; at the test's
// end it thaws first.
func (h *Host) Freeze(name string) {
	h.t.Helper()
	h.running(name).Freeze()
}

// Thaw ends Freeze: what has waited goes through.
func (h *Host) Thaw(name string) {
	h.t.Helper()
	h.running(name).Thaw()
}

// As returns the host as a plugin sees it, for tests of what the host answers:
//
//	user, err := appapi.User.Call(t.Context(), h.As("greeter"), id)
//
// The plugin has to ask for the call in its Manifest ("permissions"), and host.Config has to grant it, as outside of a test.
func (h *Host) As(name string) rpc.Peer {
	h.t.Helper()
	conn := h.running(name).Conn()
	if conn == nil {
		h.t.Fatalf("plugin %q has ended before it had a connection", name)
	}
	return conn
}
