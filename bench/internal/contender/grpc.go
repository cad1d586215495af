package contender

import (
	"context"
	"errors"
	"io"
	"sync"
	"time"

	goplugin "github.com/hashicorp/go-plugin"
	"google.golang.org/grpc"

	"github.com/go-hotplug/hotplug/bench/internal/pb"
)

// An overGRPC is a plugin of hashicorp/go-plugin that speaks gRPC.
type overGRPC struct {
	plugged
	bench  pb.BenchClient
	flow   pb.FlowClient
	broker *goplugin.GRPCBroker

	once     sync.Once // of callback
	callback uint32    // what the process dials to call back
}

func openGoPlugin(tls bool) func(context.Context) (Contender, error) {
	name := GoPlugin
	if tls {
		name = GoPluginTLS
	}
	return func(context.Context) (Contender, error) {
		p, dispensed, err := launch(name, goplugin.ProtocolGRPC, tls)
		if err != nil {
			return nil, err
		}
		g := dispensed.(*overGRPC)
		g.plugged = p
		return g, nil
	}
}

func (g *overGRPC) Echo(ctx context.Context, data []byte) ([]byte, error) {
	reply, err := g.bench.Echo(ctx, &pb.Bytes{Data: data})
	return reply.GetData(), err
}

func (g *overGRPC) Place(ctx context.Context) error {
	return sameMessage(g.bench.Place(ctx, orderMessage))
}

func (g *overGRPC) Down(ctx context.Context, total, chunk int64) (read int64, err error) {
	s, err := g.flow.Down(ctx, &pb.Span{Total: total, Chunk: chunk})
	if err != nil {
		return 0, err
	}
	for {
		item, err := s.Recv()
		if errors.Is(err, io.EOF) {
			return read, nil
		}
		if err != nil {
			return read, err
		}
		read += int64(len(item.Data))
	}
}

func (g *overGRPC) Up(ctx context.Context, total, chunk int64) (int64, error) {
	s, err := g.flow.Up(ctx)
	if err != nil {
		return 0, err
	}
	buffer := make([]byte, chunk)
	for left := total; left > 0; left -= chunk {
		if err := s.Send(&pb.Bytes{Data: buffer[:min(left, chunk)]}); err != nil {
			return 0, err
		}
	}
	got, err := s.CloseAndRecv()
	return got.GetTotal(), err
}

// Drive has the process call a server of this one, which the broker has it dial.
func (g *overGRPC) Drive(ctx context.Context, d Drive) (Driven, error) {
	g.once.Do(func() {
		g.callback = g.broker.NextId()
		go g.broker.AcceptAndServe(g.callback, func(opts []grpc.ServerOption) *grpc.Server { // ends with the broker, which ends with the plugin
			s := grpc.NewServer(opts...)
			pb.RegisterBenchServer(s, grpcBench{})
			return s
		})
	})
	got, err := g.flow.Drive(ctx, &pb.Driving{Broker: g.callback, Nanoseconds: int64(d.For), Size: int64(d.Size)})
	return Driven{Calls: int(got.GetCalls()), Median: time.Duration(got.GetMedian())}, err
}

func (g *overGRPC) Hold(ctx context.Context, n int) (func() error, error) {
	ctx, cancel := context.WithCancel(ctx)
	release := func() error { cancel(); return nil }
	for range n {
		s, err := g.flow.Hold(ctx, &pb.Span{})
		if err == nil {
			_, err = s.Recv()
		}
		if err != nil {
			return nil, errors.Join(err, release())
		}
	}
	return release, nil
}

// grpcBench answers calls.
type grpcBench struct {
	pb.UnimplementedBenchServer
}

func (grpcBench) Echo(_ context.Context, b *pb.Bytes) (*pb.Bytes, error)  { return b, nil }
func (grpcBench) Place(_ context.Context, o *pb.Order) (*pb.Order, error) { return o, nil }

// grpcFlow answers streams.
type grpcFlow struct {
	pb.UnimplementedFlowServer
	broker *goplugin.GRPCBroker
}

func (grpcFlow) Down(span *pb.Span, s grpc.ServerStreamingServer[pb.Bytes]) error {
	buffer := make([]byte, span.Chunk)
	for left := span.Total; left > 0; left -= span.Chunk {
		if err := s.Send(&pb.Bytes{Data: buffer[:min(left, span.Chunk)]}); err != nil {
			return err
		}
	}
	return nil
}

func (grpcFlow) Up(s grpc.ClientStreamingServer[pb.Bytes, pb.Span]) error {
	var total int64
	for {
		item, err := s.Recv()
		if errors.Is(err, io.EOF) {
			return s.SendAndClose(&pb.Span{Total: total})
		}
		if err != nil {
			return err
		}
		total += int64(len(item.Data))
	}
}

func (f grpcFlow) Drive(ctx context.Context, d *pb.Driving) (*pb.Driven, error) {
	conn, err := f.dial(d.Broker)
	if err != nil {
		return nil, err
	}
	host := pb.NewBenchClient(conn)
	driven, err := drive(Drive{For: time.Duration(d.Nanoseconds), Size: int(d.Size)}, func(data []byte) error {
		_, err := host.Echo(ctx, &pb.Bytes{Data: data})
		return err
	})
	return &pb.Driven{Calls: int64(driven.Calls), Median: int64(driven.Median)}, err
}

// back is the connection to the host, which a broker lets dial once.
var back struct {
	sync.Once
	conn *grpc.ClientConn
	err  error
}

func (f grpcFlow) dial(id uint32) (*grpc.ClientConn, error) {
	back.Do(func() { back.conn, back.err = f.broker.Dial(id) })
	return back.conn, back.err
}

func (grpcFlow) Hold(_ *pb.Span, s grpc.ServerStreamingServer[pb.Bytes]) error {
	if err := s.Send(&pb.Bytes{Data: []byte{1}}); err != nil {
		return err
	}
	<-s.Context().Done()
	return nil
}
