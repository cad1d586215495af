// Package seam is where a test gives plugin.Server what a host gives a process.
//
//	ctx := seam.With(ctx, seam.Given{Startup: startup, Listener: listener})
//	err := plugin.Server{Handlers: handlers}.Run(ctx)
//
// It travels in the context of Run, so that nothing of it is global and nothing of it can be said from outside of plugin.
package seam

import (
	"context"
	"io"
	"net"

	"github.com/go-hotplug/hotplug/internal/wire"
)

// Given is what a host gives a process, without a process: signals are left alone, and the environment is not read.
type Given struct {
	Startup  *wire.Startup
	Listener net.Listener
	Lifeline io.Reader // its end of file means that the host is gone; nil: there is none
	Kill     func()    // ends what stands for the process group, and returns
}

type key struct{}

// With returns a context in which Of finds what is given.
func With(ctx context.Context, g Given) context.Context { return context.WithValue(ctx, key{}, g) }

// Of returns what a context was given.
func Of(ctx context.Context) (g Given, ok bool) {
	g, ok = ctx.Value(key{}).(Given)
	return g, ok
}
