package contender

import (
	"context"
	"errors"
	"net/rpc"
	"os/exec"

	"github.com/hashicorp/go-hclog"
	goplugin "github.com/hashicorp/go-plugin"

	"google.golang.org/grpc"

	"github.com/go-hotplug/hotplug/bench/internal/pb"
)

// A plugged is a plugin of hashicorp/go-plugin.
type plugged struct{ client *goplugin.Client }

var handshake = goplugin.HandshakeConfig{ProtocolVersion: 1, MagicCookieKey: "BENCH", MagicCookieValue: "bench"}

// pluginSet is both ends of both protocols.
func pluginSet(p goplugin.Protocol) goplugin.PluginSet {
	if p == goplugin.ProtocolGRPC {
		return goplugin.PluginSet{"bench": grpcPlugin{}}
	}
	return goplugin.PluginSet{"bench": netPlugin{}}
}

// launch starts the plugin, and returns what its client side gives out.
func launch(name string, p goplugin.Protocol, tls bool) (plugged, any, error) {
	path, err := own()
	if err != nil {
		return plugged{}, nil, err
	}
	client := goplugin.NewClient(&goplugin.ClientConfig{
		HandshakeConfig:  handshake,
		Plugins:          pluginSet(p),
		Cmd:              exec.Command(path, ServeCommand, name),
		AllowedProtocols: []goplugin.Protocol{p},
		AutoMTLS:         tls,
		Logger:           hclog.NewNullLogger(),
	})
	protocol, err := client.Client()
	if err != nil {
		client.Kill()
		return plugged{}, nil, err
	}
	dispensed, err := protocol.Dispense("bench")
	if err != nil {
		client.Kill()
	}
	return plugged{client}, dispensed, err
}

func (p plugged) PID() int { return p.client.ReattachConfig().Pid }

func (p plugged) Close() error {
	p.client.Kill()
	if !p.client.Exited() {
		return errors.New("the plugin was killed and has not ended")
	}
	return nil
}

// A pluginOverRPC speaks net/rpc, multiplexed over one socket.
type pluginOverRPC struct {
	plugged
	calls *rpc.Client
}

// netPlugin is both ends of it.
type netPlugin struct{}

func (netPlugin) Server(*goplugin.MuxBroker) (any, error) { return rpcService{}, nil }

func (netPlugin) Client(_ *goplugin.MuxBroker, c *rpc.Client) (any, error) { return c, nil }

func openGoPluginRPC(context.Context) (Contender, error) {
	p, dispensed, err := launch(GoPluginRPC, goplugin.ProtocolNetRPC, false)
	if err != nil {
		return nil, err
	}
	return &pluginOverRPC{p, dispensed.(*rpc.Client)}, nil
}

func (p *pluginOverRPC) Echo(_ context.Context, data []byte) ([]byte, error) {
	return echoByRPC(p.calls, "Plugin.Echo", data)
}

func (p *pluginOverRPC) Place(context.Context) error { return placeByRPC(p.calls, "Plugin.Place") }

func servePlugin(p goplugin.Protocol) error {
	c := &goplugin.ServeConfig{HandshakeConfig: handshake, Plugins: pluginSet(p), Logger: hclog.NewNullLogger()}
	if p == goplugin.ProtocolGRPC {
		c.GRPCServer = goplugin.DefaultGRPCServer
	}
	goplugin.Serve(c)
	return nil
}

func serveGoPluginRPC() error { return servePlugin(goplugin.ProtocolNetRPC) }
func serveGoPlugin() error    { return servePlugin(goplugin.ProtocolGRPC) }

// grpcPlugin is both ends of a plugin that speaks gRPC.
type grpcPlugin struct {
	goplugin.NetRPCUnsupportedPlugin
}

func (grpcPlugin) GRPCServer(broker *goplugin.GRPCBroker, s *grpc.Server) error {
	pb.RegisterBenchServer(s, grpcBench{})
	pb.RegisterFlowServer(s, grpcFlow{broker: broker})
	return nil
}

func (grpcPlugin) GRPCClient(_ context.Context, broker *goplugin.GRPCBroker, conn *grpc.ClientConn) (any, error) {
	return &overGRPC{bench: pb.NewBenchClient(conn), flow: pb.NewFlowClient(conn), broker: broker}, nil
}
