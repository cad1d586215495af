// Package seam is where a test gives a host what it starts in the place of processes.
//
//	ctx := seam.With(ctx, seam.Processes{Starter: proctest.New(run), Bind: bind, Dial: dial})
//	h, err := host.Open(ctx, config)
//
// It travels in the context of Open or Start, so that nothing of it is global and nothing of it can be said from outside of host.
package seam

import (
	"context"
	"net"
	"os"

	"github.com/go-hotplug/hotplug/internal/proc"
)

// A Binder binds a socket for a process to inherit, and dials it: the connection waits in the backlog until the process accepts. Both
// results are nil where no descriptor can be inherited: the process then binds the socket itself.
type Binder func(path string) (net.Conn, *os.File, error)

// A Dialer connects to a socket that a process listens on.
type Dialer func(ctx context.Context, path string) (net.Conn, error)

// Processes are what a host launches, and how it reaches them. What is nil is the real one.
type Processes struct {
	Starter proc.Starter
	Bind    Binder
	Dial    Dialer
}

type key struct{}

// With returns a context in which Of finds p.
func With(ctx context.Context, p Processes) context.Context { return context.WithValue(ctx, key{}, p) }

// Of returns what a context was given, and what is real for the rest.
func Of(ctx context.Context, real Processes) Processes {
	p, _ := ctx.Value(key{}).(Processes)
	if p.Starter == nil {
		p.Starter = real.Starter
	}
	if p.Bind == nil {
		p.Bind = real.Bind
	}
	if p.Dial == nil {
		p.Dial = real.Dial
	}
	return p
}
