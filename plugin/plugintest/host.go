package plugintest

import (
	"testing"
	"time"

	"github.com/hashicorp/go-hclog"

	"github.com/go-hotplug/hotplug/internal/wire"
	"github.com/go-hotplug/hotplug/manifest"
	"github.com/go-hotplug/hotplug/plugin"
	"github.com/go-hotplug/hotplug/rpc"
)

// A Host is what the plugin finds at the other end. The zero value is one that answers nothing.
type Host struct {
	Name, Version string        // as the plugin hears it
	Handlers      []rpc.Handler // what the plugin can call
	Uses          []rpc.Use     // what the host calls: where the plugin handles one, its types are compared when it starts
	Serializer    string        // class name; empty: that of Server.Manifest, or else MessagePackSerializer
}

// The time-outs of a plugin that embeds no manifest, and of one whose manifest does not set them.
const (
	startTimeout = 30 * time.Second
	callTimeout  = 30 * time.Second
	stopTimeout  = 5 * time.Second
)

// startup is what a host tells a plugin with this manifest.
func (h *Host) startup(own []byte) (*wire.Startup, error) {
	s := &wire.Startup{
		Serializer: h.Serializer, Plugin: wire.Identity{Name: "plugin"}, Host: wire.HostInfo{Name: h.Name, Version: h.Version, ID: wire.NewSecret()[:32]},
		Timeouts: wire.Timeouts{
			Start: startTimeout.Milliseconds(), Call: callTimeout.Milliseconds(), Stop: stopTimeout.Milliseconds(),
			HostConnect: startTimeout.Milliseconds(), Handshake: wire.HandshakeTimeout.Milliseconds(),
		},
	}
	if own == nil {
		return s, nil
	}
	m, _, err := manifest.Parse(own, "plugin.json")
	if err != nil {
		return nil, err
	}
	s.Plugin = wire.Identity{Name: m.Name, Version: m.Version.String()}
	l := m.Limits
	s.Limits = wire.Limits{Frame: int(l.Frame), Inflight: l.Inflight, Streams: l.Streams, StreamItems: l.StreamItems, StreamBytes: int(l.StreamBytes)}
	s.Timeouts.Start, s.Timeouts.Call, s.Timeouts.Stop = milliseconds(m.Timeouts.Start), milliseconds(m.Timeouts.Call), milliseconds(m.Timeouts.Stop)
	if s.Serializer == "" {
		s.Serializer = m.Serializer
	}
	return s, nil
}

func milliseconds(d manifest.Duration) int64 { return time.Duration(d).Milliseconds() }

// logged is the server with its log in the test's output, unless it has its own.
func logged(t testing.TB, s plugin.Server) plugin.Server {
	if s.Logger == nil {
		s.Logger = hclog.New(&hclog.LoggerOptions{Name: "plugin", Level: hclog.Debug, Output: t.Output(), DisableTime: true})
	}
	return s
}
