package contender

import (
	"context"

	"github.com/containerd/ttrpc"

	"github.com/go-hotplug/hotplug/bench/internal/pb"
)

// A ttRPC is containerd's: Protocol Buffers over a Unix socket, without HTTP.
type ttRPC struct {
	*process
	client *ttrpc.Client
	bench  pb.TTRPCBenchService
}

func openTTRPC(ctx context.Context) (Contender, error) {
	p, err := startProcess(ctx, TTRPC)
	if err != nil {
		return nil, err
	}
	conn, err := p.dial()
	if err != nil {
		return nil, p.abandon(err)
	}
	client := ttrpc.NewClient(conn)
	return &ttRPC{p, client, pb.NewTTRPCBenchClient(client)}, nil
}

func (t *ttRPC) Echo(ctx context.Context, data []byte) ([]byte, error) {
	reply, err := t.bench.Echo(ctx, &pb.Bytes{Data: data})
	return reply.GetData(), err
}

func (t *ttRPC) Place(ctx context.Context) error {
	return sameMessage(t.bench.Place(ctx, orderMessage))
}

func (t *ttRPC) Close() error {
	t.client.Close()
	return t.process.Close()
}

func serveTTRPC() error {
	s, err := ttrpc.NewServer()
	if err != nil {
		return err
	}
	pb.RegisterTTRPCBenchService(s, messages{})
	l, ended, err := listen()
	if err != nil {
		return err
	}
	go func() { // ends with the process
		<-ended
		s.Close()
	}()
	if err := s.Serve(context.Background(), l); err != ttrpc.ErrServerClosed {
		return err
	}
	return nil
}

// messages answers for all that speak Protocol Buffers.
type messages struct{}

func (messages) Echo(_ context.Context, b *pb.Bytes) (*pb.Bytes, error)  { return b, nil }
func (messages) Place(_ context.Context, o *pb.Order) (*pb.Order, error) { return o, nil }
