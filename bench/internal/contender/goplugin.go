package contender

import (
	"context"
	"errors"
	"os/exec"

	"github.com/hashicorp/go-hclog"
	goplugin "github.com/hashicorp/go-plugin"
	"google.golang.org/grpc"

	"github.com/go-hotplug/hotplug/bench/internal/pb"
)

// A goPlugin is a plugin of hashicorp/go-plugin that speaks gRPC.
type goPlugin struct {
	client *goplugin.Client
	bench  pb.BenchClient
	flow   pb.FlowClient
}

var handshake = goplugin.HandshakeConfig{ProtocolVersion: 1, MagicCookieKey: "BENCH", MagicCookieValue: "bench"}

// grpcPlugin is both ends of the plugin.
type grpcPlugin struct {
	goplugin.NetRPCUnsupportedPlugin
}

func (grpcPlugin) GRPCServer(_ *goplugin.GRPCBroker, s *grpc.Server) error {
	pb.RegisterBenchServer(s, grpcServer{})
	return nil
}

func (grpcPlugin) GRPCClient(_ context.Context, _ *goplugin.GRPCBroker, conn *grpc.ClientConn) (any, error) {
	return &goPlugin{bench: pb.NewBenchClient(conn), flow: pb.NewFlowClient(conn)}, nil
}

func openGoPlugin(name string) func(context.Context) (Contender, error) {
	return func(context.Context) (Contender, error) {
		path, err := own()
		if err != nil {
			return nil, err
		}
		client := goplugin.NewClient(&goplugin.ClientConfig{
			HandshakeConfig:  handshake,
			Plugins:          goplugin.PluginSet{"bench": grpcPlugin{}},
			Cmd:              exec.Command(path, ServeCommand, name),
			AllowedProtocols: []goplugin.Protocol{goplugin.ProtocolGRPC},
			AutoMTLS:         name == GoPluginTLS,
			Logger:           hclog.NewNullLogger(),
		})
		dispensed, err := dispense(client)
		if err != nil {
			client.Kill()
			return nil, err
		}
		g := dispensed.(*goPlugin)
		g.client = client
		return g, nil
	}
}

func dispense(client *goplugin.Client) (any, error) {
	protocol, err := client.Client()
	if err != nil {
		return nil, err
	}
	return protocol.Dispense("bench")
}

func (g *goPlugin) Echo(ctx context.Context, data []byte) ([]byte, error) {
	reply, err := g.bench.Echo(ctx, &pb.Bytes{Data: data})
	if err != nil {
		return nil, err
	}
	return reply.GetData(), nil
}

func (g *goPlugin) PID() int { return g.client.ReattachConfig().Pid }

func (g *goPlugin) Close() error {
	g.client.Kill()
	if !g.client.Exited() {
		return errors.New("the plugin was killed and has not ended")
	}
	return nil
}

func serveGoPlugin() error {
	goplugin.Serve(&goplugin.ServeConfig{
		HandshakeConfig: handshake,
		Plugins:         goplugin.PluginSet{"bench": grpcPlugin{}},
		GRPCServer:      goplugin.DefaultGRPCServer,
		Logger:          hclog.NewNullLogger(),
	})
	return nil
}

// grpcServer answers.
type grpcServer struct {
	pb.UnimplementedBenchServer
	pb.UnimplementedFlowServer
}

func (grpcServer) Echo(_ context.Context, b *pb.Bytes) (*pb.Bytes, error) { return b, nil }
