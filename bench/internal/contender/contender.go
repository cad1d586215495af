package contender

import (
	"context"
	"fmt"
	"os"
	"slices"
	"time"
)

// A Contender is one way of calling a process, seen from the caller: the process runs and is connected.
type Contender interface {
	// Echo sends bytes and returns them as they came back. What it returns is valid until the next call of the same goroutine. It
	// may be called concurrently.
	Echo(ctx context.Context, data []byte) ([]byte, error)

	// PID is the process that answers.
	PID() int

	// Close ends the process and waits for it.
	Close() error
}

// A Placer sends the sample order, as the type in which its kind of application would have it, and gets it back.
type Placer interface {
	Place(ctx context.Context) error
}

// A Teller sends messages that nobody answers.
type Teller interface {
	// Tell sends one. One goroutine calls it.
	Tell(ctx context.Context, data []byte) error

	// Settle waits until all that were sent are handled.
	Settle(ctx context.Context) error
}

// A Streamer has one call carry many chunks. Both return how many bytes have arrived.
type Streamer interface {
	Down(ctx context.Context, total, chunk int64) (int64, error) // to the caller
	Up(ctx context.Context, total, chunk int64) (int64, error)   // from it
}

// A Driver has the process call this one, one call after the other.
type Driver interface {
	Drive(ctx context.Context, d Drive) (Driven, error)
}

// A Drive says how to call back.
type Drive struct {
	For  time.Duration `msgpack:"for" json:"for"`
	Size int           `msgpack:"size" json:"size"` // bytes of a call
}

// A Driven is what that came to.
type Driven struct {
	Calls  int           `msgpack:"calls" json:"calls"`
	Median time.Duration `msgpack:"median" json:"median"`
}

// A Holder keeps streams open on which nothing happens. Each has carried one item when Hold returns; release ends them.
type Holder interface {
	Hold(ctx context.Context, n int) (release func() error, err error)
}

// The names of the contenders.
const (
	Bare        = "bare socket"
	NetRPC      = "net/rpc"
	TTRPC       = "ttrpc"
	DRPC        = "drpc"
	GoPluginRPC = "go-plugin net/rpc"
	GoPlugin    = "go-plugin gRPC"
	GoPluginTLS = "go-plugin gRPC AutoMTLS"
	Hotplug     = "hotplug msgpack"
	HotplugJSON = "hotplug json"
	HotplugCBOR = "hotplug cbor"

	HotplugOne   = "hotplug msgpack, 1 middleware"
	HotplugThree = "hotplug msgpack, 3 middlewares"
	HotplugHooks = "hotplug msgpack, hooks"
	HotplugLent  = "hotplug msgpack, borrowed" // each end reads bytes where they arrived
)

// A way is how a contender is opened by the one end and served by the other.
type way struct {
	name  string
	open  func(ctx context.Context) (Contender, error)
	serve func() error // in the process that is called; it returns when the caller is gone
}

// plain are those that are compared; dressed are hotplug with what costs something.
var (
	plain = []way{
		{Bare, openBare, serveBare},
		{NetRPC, openNetRPC, serveNetRPC},
		{TTRPC, openTTRPC, serveTTRPC},
		{DRPC, openDRPC, serveDRPC},
		{GoPluginRPC, openGoPluginRPC, serveGoPluginRPC},
		{GoPlugin, openGoPlugin(false), serveGoPlugin},
		{GoPluginTLS, openGoPlugin(true), serveGoPlugin},
		{Hotplug, openHotplug(Hotplug), serveHotplug},
		{HotplugJSON, openHotplug(HotplugJSON), serveHotplug},
		{HotplugCBOR, openHotplug(HotplugCBOR), serveHotplug},
	}
	dressed = []way{
		{HotplugOne, openHotplug(HotplugOne), serveHotplug},
		{HotplugThree, openHotplug(HotplugThree), serveHotplug},
		{HotplugHooks, openHotplug(HotplugHooks), serveHotplug},
		{HotplugLent, openLent, serveLent},
	}
)

// Names lists the contenders that are compared, the floor first.
func Names() (names []string) {
	for _, w := range plain {
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

// ServeCommand is the first argument with which this program serves the contender that the second one names.
const ServeCommand = "serve"

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
	all := slices.Concat(plain, dressed)
	i := slices.IndexFunc(all, func(w way) bool { return w.name == name })
	if i < 0 {
		return way{}, fmt.Errorf("no contender is called %q: there are %q", name, Names())
	}
	return all[i], nil
}

// own is the path of this program, which is every server, too.
func own() (string, error) { return os.Executable() }

// drive calls for a while, for the servers of Drivers.
func drive(d Drive, call func(data []byte) error) (Driven, error) {
	data, took := make([]byte, d.Size), make([]time.Duration, 0, 1<<16)
	begin := time.Now()
	for last := begin; last.Sub(begin) < d.For && len(took) < cap(took); {
		if err := call(data); err != nil {
			return Driven{}, err
		}
		next := time.Now()
		took = append(took, next.Sub(last))
		last = next
	}
	slices.Sort(took)
	return Driven{Calls: len(took), Median: took[len(took)/2]}, nil
}
