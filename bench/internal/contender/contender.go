// Package contender is the ways of calling another process that are compared, each with its server, in one program.
package contender

import (
	"context"
	"fmt"
	"os"
	"slices"
)

// A Contender is one way of calling a process, seen from the caller: the process runs and is connected.
type Contender interface {
	// Echo sends bytes and returns the same bytes, as they came back. It may be called concurrently.
	Echo(ctx context.Context, data []byte) ([]byte, error)

	// PID is the process that answers.
	PID() int

	// Close ends the process and waits for it.
	Close() error
}

// The names of the contenders.
const (
	Bare        = "bare socket"
	GoPluginRPC = "go-plugin net/rpc"
	GoPlugin    = "go-plugin gRPC"
	GoPluginTLS = "go-plugin gRPC, mTLS"
	Hotplug     = "hotplug msgpack"
)

// A way is how a contender is opened by the one end and served by the other.
type way struct {
	name  string
	open  func(ctx context.Context) (Contender, error)
	serve func() error // in the process that is called; it returns when the caller is gone
}

var ways = []way{
	{Bare, openBare, serveBare},
	{GoPlugin, openGoPlugin(GoPlugin), serveGoPlugin},
	{Hotplug, openHotplug(Hotplug), serveHotplug},
}

// Names lists the contenders, the floor first.
func Names() (names []string) {
	for _, w := range ways {
		names = append(names, w.name)
	}
	return names
}

// Open starts a contender's process, and connects to it.
func Open(ctx context.Context, name string) (Contender, error) {
	w, err := wayOf(name)
	if err != nil {
		return nil, err
	}
	c, err := w.open(ctx)
	if err != nil {
		return nil, fmt.Errorf("open %s: %w", name, err)
	}
	return c, nil
}

// Serve is the process that is called: it returns when its caller is gone.
func Serve(name string) error {
	w, err := wayOf(name)
	if err != nil {
		return err
	}
	if err := w.serve(); err != nil {
		return fmt.Errorf("serve %s: %w", name, err)
	}
	return nil
}

func wayOf(name string) (way, error) {
	i := slices.IndexFunc(ways, func(w way) bool { return w.name == name })
	if i < 0 {
		return way{}, fmt.Errorf("no contender is called %q: there are %q", name, Names())
	}
	return ways[i], nil
}

// ServeCommand is the first argument with which this program serves the contender that the second one names.
const ServeCommand = "serve"

// own is the path of this program, which is every server, too.
func own() (string, error) { return os.Executable() }
