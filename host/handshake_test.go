package host_test

import (
	"strings"
	"testing"
	"testing/synctest"

	"github.com/go-hotplug/hotplug/internal/proc/proctest"
	"github.com/go-hotplug/hotplug/internal/wire"
	"github.com/go-hotplug/hotplug/rpc"
)

func hello(change func(*wire.PluginHello)) *fake { return &fake{Answer: change} }

func TestHandshakeRefusesWhatIsNotThePluginThatWasStarted(t *testing.T) {
	refused := map[string]struct {
		fake *fake
		want string
	}{
		"secret":     {hello(func(h *wire.PluginHello) { h.Answer = wire.NewSecret() }), "wrong secret: what answers on the socket is not the process that was started"},
		"no secret":  {hello(func(h *wire.PluginHello) { h.Answer = "" }), "wrong secret"},
		"version":    {hello(func(h *wire.PluginHello) { h.Hotplug = 9 }), "the plugin picked protocol 9, this host offered [1]: rebuild the plugin"},
		"serializer": {hello(func(h *wire.PluginHello) { h.Serializer = "JsonSerializer" }), "serializer mismatch: host uses MessagePackSerializer, plugin uses JsonSerializer"},
		"name":       {hello(func(h *wire.PluginHello) { h.Plugin = &wire.PluginInfo{Name: "other", Version: "1.0.0"} }), "the binary is other 1.0.0, its plugin.json says one 1.0.0"},
		"its number": {hello(func(h *wire.PluginHello) { h.Plugin = &wire.PluginInfo{Name: "one", Version: "1.0.1"} }), "the binary is one 1.0.1, its plugin.json says one 1.0.0"},
		"refusal":    {hello(func(h *wire.PluginHello) { h.Error = &wire.Refusal{Code: "Denied", Message: "not today"} }), "handshake: not today"},
		"its uses":   {&fake{Uses: []rpc.Use{note.Use()}}, `plugin "one" 1.0.0 calls its host: `},
		"garbage":    {&fake{Instead: says("HTTP/1.1 400 Bad Request\n")}, "expected a handshake line of JSON, found \"HTTP/1.1 400 Bad Request\""},
		"flood":      {&fake{Instead: says(strings.Repeat("x", wire.MaxHello+2))}, "over the limit of 1048576 bytes"},
		"close":      {&fake{Instead: says("")}, "it ended before it was ready: exit status 3"},
		"half":       {&fake{Instead: says(`{"hotplug":1`)}, "it ended before it was ready: exit status 3"},
	}
	for name, r := range refused {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				w := newWorld(t)
				w.add("one", r.fake)
				h := w.open()
				failed := h.Failed()
				if len(failed) != 1 || !strings.Contains(failed[0].Err.Error(), r.want) {
					t.Errorf("failed %v, want %q", failed, r.want)
				}
				if !w.Starter.Started()[0].Closed() {
					t.Error("the process is still held")
				}
			})
		})
	}
}

// says answers the handshake with text, and ends.
func says(text string) func(*proctest.Child, *wire.Startup, *wire.Stream) int {
	return func(c *proctest.Child, _ *wire.Startup, stream *wire.Stream) int {
		_, _ = wire.ReadHostHello(stream.Reader)
		_, _ = stream.Write([]byte(text))
		return 3
	}
}

func TestAPluginThatStatesItsIdentityIsTaken(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t)
		w.add("one", hello(func(h *wire.PluginHello) { h.Plugin = &wire.PluginInfo{Name: "one", Version: "1.0.0"} }))
		if h := w.open(); len(h.Failed()) != 0 {
			t.Error(h.Failed())
		}
	})
}

func TestAMessageOfAnotherShapeIsRefusedByName(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t)
		const number rpc.Method[int, int] = "kit.echo"
		w.add("one", &fake{Handlers: []rpc.Handler{echo.Handle(echoed)}})
		w.config.Uses = []rpc.Use{number.Use()}
		h := w.open()
		if err := h.Failed()[0].Err; !strings.Contains(err.Error(), `plugin "one" 1.0.0: message "kit.echo"`) {
			t.Error(err)
		}
	})
}

func TestAMessageThatOnlyOnePluginHandlesIsNoFaultOfTheOthers(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t)
		w.add("one", &fake{Handlers: []rpc.Handler{echo.Handle(echoed)}})
		w.add("two", &fake{})
		w.config.Uses = []rpc.Use{echo.Use()}
		if h := w.open(); len(h.Failed()) != 0 {
			t.Error(h.Failed())
		}
	})
}

func TestThePluginIsToldWhoItsHostIsAndWhatHolds(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t)
		w.config.Handlers = []rpc.Handler{echo.Handle(echoed)}
		var startup *wire.Startup
		var line *wire.HostHello
		w.add("one", &fake{Begun: func(s *wire.Startup, h *wire.HostHello) { startup, line = s, h }}, members{"limits": members{"frame": "1MiB", "inflight": 7, "streams": 8, "streamItems": 9, "streamBytes": "10KiB"}})
		w.open()
		if line.Token != startup.Token || line.Host != startup.Host || line.Host.Name != "kit" || line.Host.Version != "1.0.0" || line.Host.ID == "" {
			t.Errorf("host %+v and %+v", line.Host, startup.Host)
		}
		if line.Limits != (wire.Limits{Frame: 1 << 20, Inflight: 7, Streams: 8, StreamItems: 9, StreamBytes: 10 << 10}) || startup.Limits != line.Limits {
			t.Errorf("limits %+v and %+v", line.Limits, startup.Limits)
		}
		if len(line.Handles) != 1 || line.Handles[0].Name != "kit.echo" || startup.Plugin != (wire.Identity{Name: "one", Version: "1.0.0"}) {
			t.Errorf("handles %+v, plugin %+v", line.Handles, startup.Plugin)
		}
		if startup.Token == startup.Answer || len(startup.Token) != 64 || startup.Disconnect.Mode != "shutdown" {
			t.Errorf("start-up data %+v", startup)
		}
		if len(startup.Socket) > 107 || startup.Timeouts != (wire.Timeouts{Start: 30_000, Call: 30_000, Stop: 5_000, HostConnect: 30_000, Handshake: 10_000}) {
			t.Errorf("socket %s, time-outs %+v", startup.Socket, startup.Timeouts)
		}
	})
}
