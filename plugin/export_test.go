package plugin

import (
	"context"
	"io"
	"net"

	"github.com/go-hotplug/hotplug/internal/wire"
)

// Given is what a host gives a process, without a process.
type Given struct {
	Startup  *wire.Startup
	Listener net.Listener
	Lifeline io.Reader // nil: none
	Kill     func()    // what ends the process group
}

// Serve is Run for what was given.
func (s Server) Serve(ctx context.Context, g Given) error {
	id, err := s.identity()
	if err != nil {
		return err
	}
	s.kill = g.Kill
	return s.serve(ctx, &inherited{startup: g.Startup, listener: g.Listener, rest: g.Lifeline}, id)
}

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
