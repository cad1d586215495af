package contender

import (
	"context"
	"errors"
	"net"

	"storj.io/drpc/drpcconn"
	"storj.io/drpc/drpcmux"
	"storj.io/drpc/drpcpool"
	"storj.io/drpc/drpcserver"

	"github.com/go-hotplug/hotplug/bench/internal/pb"
)

// A dRPC is storj's: Protocol Buffers, one call at a time on each connection, connections from a pool.
type dRPC struct {
	*process
	pool  *drpcpool.Pool[string, drpcpool.Conn]
	bench pb.DRPCBenchClient
}

func openDRPC(ctx context.Context) (Contender, error) {
	p, err := startProcess(ctx, DRPC)
	if err != nil {
		return nil, err
	}
	pool := drpcpool.New[string, drpcpool.Conn](drpcpool.Options{})
	conn := pool.Get(ctx, p.socket, func(context.Context, string) (drpcpool.Conn, error) {
		conn, err := p.dial()
		if err != nil {
			return nil, err
		}
		return drpcconn.New(conn), nil
	})
	return &dRPC{p, pool, pb.NewDRPCBenchClient(conn)}, nil
}

func (d *dRPC) Echo(ctx context.Context, data []byte) ([]byte, error) {
	reply, err := d.bench.Echo(ctx, &pb.Bytes{Data: data})
	return reply.GetData(), err
}

func (d *dRPC) Place(ctx context.Context) error { return sameMessage(d.bench.Place(ctx, orderMessage)) }

func (d *dRPC) Close() error { return errors.Join(d.pool.Close(), d.process.Close()) }

func serveDRPC() error {
	mux := drpcmux.New()
	if err := pb.DRPCRegisterBench(mux, messages{}); err != nil {
		return err
	}
	s := drpcserver.New(mux)
	return serveEach(func(conn net.Conn) {
		_ = s.ServeOne(context.Background(), conn) // it ends with the connection
	})
}
