package plugin

import (
	"context"
	"io"
	"net"

	"github.com/go-hotplug/hotplug/internal/wire"
	"github.com/go-hotplug/hotplug/rpc"
)

// NewHostPeer is the host as handlers see it.
var NewHostPeer = newHostPeer

// Connect makes its connection.
func (h *hostPeer) Connect(id string, connect func() *rpc.Conn) {
	h.connect(newSession(id, false), connect)
}

// UntilSignalled is a context that ends when this process is asked to leave.
var UntilSignalled = untilSignalled

// Inherit reads what HOTPLUG_STARTUP says, and lets go of it.
func Inherit(env string) error {
	in, err := inherit(env, nil)
	if err == nil {
		in.close()
	}
	return err
}

// Describe writes what HOTPLUG_DESCRIBE=1 prints.
func (s Server) Describe(w io.Writer) error {
	id, err := s.identity()
	if err != nil {
		return err
	}
	return s.describe(w, id)
}

const (
	Strangers     = strangers
	HostGoneGrace = hostGoneGrace
)

// Work serves a host of the TypeScript library that connects to a listener.
func (s Server) Work(ctx context.Context, startup *wire.WorkerStartup, l net.Listener) error {
	w := &worker{s: s, startup: startup, listener: l}
	return w.run(ctx)
}
