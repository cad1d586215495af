// Oddity is a plugin for tests: it is wrong in the ways that package oddityapi lists, and does what it says there.
package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"strings"

	"github.com/go-hotplug/hotplug/codec"
	"github.com/go-hotplug/hotplug/e2e/internal/oddityapi"
	"github.com/go-hotplug/hotplug/plugin"
	"github.com/go-hotplug/hotplug/rpc"
)

func main() {
	s := plugin.Server{Handlers: handlers(), Stop: stop}
	mode := os.Getenv(oddityapi.EnvMode)
	keep(&s, mode)
	switch mode {
	case oddityapi.ModeKill:
		killSelf()
	case oddityapi.ModeVersion, oddityapi.ModeFuture:
		talk(mode)
	case oddityapi.ModeIdentity:
		s.Manifest = []byte(`{"name": "somebody-else", "version": "9.9.9"}`)
	case oddityapi.ModeJSON:
		s.Serializer = codec.JsonSerializer{}
	case oddityapi.ModeUses:
		s.Uses = []rpc.Use{rpc.Method[struct{}, struct{}]("host.makeCoffee").Use()}
	case oddityapi.ModeNarrow:
		s.Handlers[len(s.Handlers)-1] = narrow.Handle(func(_ context.Context, n tiny) (tiny, error) { return n, nil })
	case oddityapi.ModeNoStart:
		s.Start = func(context.Context) error { return errors.New("the printer is out of paper") }
	case oddityapi.ModeHugeLog:
		s.Start = func(context.Context) error { _, err := fmt.Fprint(os.Stderr, strings.Repeat("x", 1<<20)); return err }
	case oddityapi.ModeCallback:
		s.Start = func(ctx context.Context) error { _, err := relay(ctx, oddityapi.Number{N: 1}); return err }
	case oddityapi.ModeStopHang:
		s.Stop = func(ctx context.Context) error { _ = stop(ctx); select {} }
	case oddityapi.ModeNoStop:
		s.Stop = nil
	case oddityapi.ModeAnswers:
		s.Handlers = new(oddityapi.Answers).Handlers()
	}
	faulty(&s)
	plugin.Exit(s.Run(context.Background()))
}

// narrow is Whole as an older plugin may know it.
const narrow rpc.Query[tiny, tiny] = "oddity.whole"

type tiny struct {
	N int8 `json:"n"`
}

func handlers() []rpc.Handler {
	return append(append(streams(), stubborn()...),
		oddityapi.Descriptors.Handle(descriptors),
		oddityapi.Hold.Handle(hold),
		oddityapi.Open.Handle(open),
		oddityapi.CloseOutput.Handle(closeOutput),
		oddityapi.Leave.Handle(func(context.Context, struct{}) (struct{}, error) { return struct{}{}, os.Chdir("/") }),
		oddityapi.Log.Handle(log),
		oddityapi.Print.Handle(print),
		oddityapi.Relay.Handle(relay),
		oddityapi.Tell.Handle(tell),
		oddityapi.Slow.Handle(slow),
		oddityapi.Freeze.Handle(freeze),
		oddityapi.Orphan.Handle(orphan),
		oddityapi.Whole.Handle(func(_ context.Context, n oddityapi.Number) (oddityapi.Number, error) { return n, nil }), // last: ModeNarrow replaces it
	)
}

func stop(context.Context) error {
	grumbling.Wait()
	path := os.Getenv(oddityapi.EnvStopFile)
	if path == "" {
		return nil
	}
	return os.WriteFile(path, []byte("stopped"), 0o600)
}
