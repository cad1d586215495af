package wire_test

import (
	"context"
	"net"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/go-hotplug/hotplug/codec"
	"github.com/go-hotplug/hotplug/internal/pipe"
	"github.com/go-hotplug/hotplug/internal/wire"
	"github.com/go-hotplug/hotplug/rpc"
)

type (
	named struct {
		Name string `json:"name"`
	}
	greeting struct {
		Text string `json:"text"`
	}
)

const (
	greet   rpc.Query[named, greeting] = "greet"
	greeted rpc.Notice[named]          = "greeted"
)

// A turn is what one side of the documented conversation says before the other does.
type turn struct {
	host  bool
	lines []string
}

func conversation(t *testing.T) []turn {
	t.Helper()
	var turns []turn
	for _, e := range examples(t, "json") {
		from, isFrames := strings.CutSuffix(strings.TrimPrefix(e.info, "json "), " conversation")
		if isFrames && (from == "host->plugin" || from == "plugin->host") {
			turns = append(turns, turn{host: from == "host->plugin", lines: e.lines()})
		}
	}
	return turns
}

// play is one side of the conversation, by hand: it writes its own lines and compares the others with what it reads. At the first
// difference it hangs up.
func play(t *testing.T, stream net.Conn, host bool) {
	r := wire.NewReader(stream)
	for _, turn := range conversation(t) {
		for _, line := range turn.lines {
			if turn.host == host {
				if _, err := stream.Write([]byte(line + "\n")); err != nil {
					t.Errorf("write %s: %v", line, err)
					stream.Close()
					return
				}
				continue
			}
			if got, err := r.Line(wire.MaxHello); err != nil || string(got) != line {
				t.Errorf("got %s (%v), docs/protocol.md has %s", got, err, line)
				stream.Close()
				return
			}
		}
	}
}

// talk runs one side with the real code, beside a person who types the other.
func talk(t *testing.T, host bool, opt rpc.Options, run func(context.Context, *rpc.Conn)) {
	synctest.Test(t, func(t *testing.T) {
		left, right := pipe.New(0)
		opt.Serializer = codec.JsonSerializer{}
		conn := rpc.NewConn(t.Context(), left, opt)
		typed := make(chan struct{})
		go func() { defer close(typed); play(t, right, !host) }()
		run(t.Context(), conn)
		<-typed
		conn.Close()
		right.Close()
	})
}

// heard waits for the other side's goodbye, or the connection's end.
func heard(t *testing.T, c *rpc.Conn, goodbyes <-chan rpc.Goodbye) {
	select {
	case g := <-goodbyes:
		if g.Then != rpc.GoodbyeStop {
			t.Errorf("goodbye %+v", g)
		}
	case <-c.Done():
		t.Errorf("no goodbye: %v", c.Err())
	}
}

func TestTheDocumentedConversationIsWhatAHostSays(t *testing.T) {
	said := make(chan rpc.Goodbye, 1)
	var name string
	opt := rpc.Options{
		Side: rpc.FromHost, CallTimeout: 30 * time.Second,
		Handlers: rpc.NewMux(greeted.Handle(func(_ context.Context, n named) error { name = n.Name; return nil })),
	}
	opt.OnGoodbye = func(g rpc.Goodbye) { said <- g }
	talk(t, true, opt, func(ctx context.Context, c *rpc.Conn) {
		got, err := greet.Call(ctx, c, named{"Ada"})
		if err != nil || got.Text != "Hello, Ada" {
			t.Errorf("got %+v, %v", got, err)
		}
		synctest.Wait() // the notice is handled and acknowledged
		if err := c.Goodbye(ctx, rpc.Goodbye{Then: rpc.GoodbyeStop}); err != nil {
			t.Error(err)
		}
		if heard(t, c, said); name != "Ada" {
			t.Errorf("the notice said %q", name)
		}
	})
}

func TestTheDocumentedConversationIsWhatAPluginSays(t *testing.T) {
	said := make(chan rpc.Goodbye, 1)
	opt := rpc.Options{Side: rpc.FromPlugin, Handlers: rpc.NewMux(greet.Handle(func(ctx context.Context, n named) (greeting, error) {
		return greeting{"Hello, " + n.Name}, greeted.Send(ctx, rpc.Caller(ctx), n)
	}))}
	opt.OnGoodbye = func(g rpc.Goodbye) { said <- g }
	talk(t, false, opt, func(ctx context.Context, c *rpc.Conn) {
		heard(t, c, said)
		if err := c.Drain(ctx); err != nil || c.Stats().Unacknowledged != 0 {
			t.Errorf("drain: %v, %d notices open", err, c.Stats().Unacknowledged)
		}
		if err := c.Goodbye(ctx, rpc.Goodbye{Then: rpc.GoodbyeStop}); err != nil {
			t.Error(err)
		}
	})
}
