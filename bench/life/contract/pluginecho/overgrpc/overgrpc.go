// Package overgrpc is the echo of go-plugin over gRPC, with the messages that protobuf brings along.
package overgrpc

import (
	"context"

	"github.com/hashicorp/go-plugin"
	"google.golang.org/grpc"
	"google.golang.org/protobuf/types/known/wrapperspb"
)

// A Plugin is both ends of it.
type Plugin struct{ plugin.NetRPCUnsupportedPlugin }

func (Plugin) GRPCServer(_ *plugin.GRPCBroker, s *grpc.Server) error {
	s.RegisterService(&service, nil)
	return nil
}

func (Plugin) GRPCClient(_ context.Context, _ *plugin.GRPCBroker, c *grpc.ClientConn) (any, error) {
	return &client{c}, nil
}

var service = grpc.ServiceDesc{
	ServiceName: "bench.Echo",
	HandlerType: (*any)(nil),
	Methods:     []grpc.MethodDesc{{MethodName: "Echo", Handler: echo}},
}

func echo(_ any, _ context.Context, decode func(any) error, _ grpc.UnaryServerInterceptor) (any, error) {
	data := new(wrapperspb.BytesValue)
	return data, decode(data)
}

type client struct{ conn *grpc.ClientConn }

func (c *client) Echo(data []byte) ([]byte, error) {
	reply := new(wrapperspb.BytesValue)
	err := c.conn.Invoke(context.Background(), "/bench.Echo/Echo", wrapperspb.Bytes(data), reply)
	return reply.Value, err
}
