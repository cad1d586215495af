package host_test

import (
	"context"

	"github.com/go-hotplug/hotplug/internal/lifecycle"
	"github.com/go-hotplug/hotplug/internal/proc/proctest"
	"github.com/go-hotplug/hotplug/internal/wire"
	"github.com/go-hotplug/hotplug/rpc"
)

// A fake is one plugin of a world. The zero value answers nothing, and leaves when it is asked to.
type fake struct {
	world *world
	name  string

	handlers []rpc.Handler
	uses     []rpc.Use
	instead  func(c *proctest.Child, s *wire.Startup, stream *wire.Stream) int // of everything
	answer   func(*wire.PluginHello)                                           // changes its line of the handshake
	start    func(context.Context) error                                       // the Start hook
	stop     func()                                                            // the Stop hook
	begun    func(*wire.Startup, *wire.HostHello)
	serving  func(*rpc.Conn)

	inflight int // calls that it takes at once; 0: 1,024

	deaf    bool          // hears no goodbye
	defiant bool          // and no SIGTERM
	leave   chan struct{} // closed by the test: it says goodbye first
	exit    chan int      // sent by the test: it ends with this code
	hangUp  chan struct{} // closed by the test: it closes the connection and goes on
}

func (f *fake) live(c *proctest.Child, s *wire.Startup, stream *wire.Stream) int {
	if f.instead != nil {
		return f.instead(c, s, stream)
	}
	hello, err := wire.ReadHostHello(stream.Reader)
	if err != nil {
		return 70
	}
	if f.begun != nil {
		f.begun(s, hello)
	}
	answer := f.hello(s)
	if f.answer != nil {
		f.answer(answer)
	}
	if wire.WriteLine(stream, answer) != nil || answer.Error != nil {
		return 78
	}
	return f.serve(c, stream)
}

func (f *fake) hello(s *wire.Startup) *wire.PluginHello {
	h := &wire.PluginHello{Hotplug: wire.Version, Serializer: s.Serializer, Answer: s.Answer, Handles: rpc.Records(rpc.NewMux(f.handlers...).Uses()), Uses: rpc.Records(f.uses)}
	if f.start != nil {
		h.Features = []string{lifecycle.FeatureStart}
	}
	return h
}

// serve answers until something ends it, and returns the exit code.
func (f *fake) serve(c *proctest.Child, stream *wire.Stream) int {
	goodbye := make(chan rpc.Goodbye, 4)
	conn := rpc.NewConn(c.Context(), stream, rpc.Options{
		Handlers: f.mux(), Side: rpc.FromPlugin, MaxInflight: f.inflight, OnGoodbye: func(g rpc.Goodbye) { goodbye <- g },
	})
	defer conn.Close()
	if f.serving != nil {
		f.serving(conn)
	}
	return f.wait(c, conn, goodbye)
}

func (f *fake) mux() *rpc.Mux {
	if f.start == nil {
		return rpc.NewMux(f.handlers...)
	}
	return rpc.NewMux(f.handlers...).WithReserved(lifecycle.Start.Handle(func(ctx context.Context, n lifecycle.None) (lifecycle.None, error) {
		return n, f.start(ctx)
	}))
}

func (f *fake) wait(c *proctest.Child, conn *rpc.Conn, goodbye chan rpc.Goodbye) int {
	terminated, leave, hangUp := c.Terminated(), f.leave, f.hangUp
	over := conn.Done()
	for {
		select {
		case <-goodbye:
			f.world.note("%s: goodbye", f.name)
			if !f.deaf {
				_ = conn.Drain(c.Context())
				if f.stop != nil {
					f.stop()
				}
				return 0
			}
		case <-terminated:
			f.world.note("%s: SIGTERM", f.name)
			if terminated = nil; !f.defiant {
				return 143
			}
		case <-leave:
			leave = nil
			_ = conn.Goodbye(c.Context(), rpc.Goodbye{Then: rpc.GoodbyeStop})
		case <-hangUp:
			hangUp = nil
			conn.Close()
		case code := <-f.exit:
			return code
		case <-over:
			if over = nil; !f.deaf {
				return 0
			}
		case <-c.Context().Done():
			f.world.note("%s: SIGKILL", f.name)
			return 137
		}
	}
}
