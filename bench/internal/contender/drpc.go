package contender

import (
	"context"
	"errors"
	"net"

	"storj.io/drpc/drpcconn"
	"storj.io/drpc/drpcmux"
	"storj.io/drpc/drpcserver"

	"github.com/go-hotplug/hotplug/bench/internal/pb"
)

// A dRPC is storj's: Protocol Buffers, one call at a time on each connection. Its own pool would hand out the connection that was used
// the longest time ago.
type dRPC struct {
	*process
	idle idle[*dRPCConn]
}

type dRPCConn struct {
	*drpcconn.Conn
	bench pb.DRPCBenchClient
}

func openDRPC(ctx context.Context) (Contender, error) {
	p, err := startProcess(ctx, DRPC)
	if err != nil {
		return nil, err
	}
	return &dRPC{process: p}, nil
}

func (d *dRPC) connect() (*dRPCConn, error) {
	conn, err := d.dial()
	if err != nil {
		return nil, err
	}
	c := drpcconn.New(conn)
	return &dRPCConn{c, pb.NewDRPCBenchClient(c)}, nil
}

func (d *dRPC) Echo(ctx context.Context, data []byte) ([]byte, error) {
	c, err := d.idle.take(d.connect)
	if err != nil {
		return nil, err
	}
	reply, err := c.bench.Echo(ctx, &pb.Bytes{Data: data})
	if err == nil {
		d.idle.give(c)
	}
	return reply.GetData(), err
}

func (d *dRPC) Place(ctx context.Context) error {
	c, err := d.idle.take(d.connect)
	if err != nil {
		return err
	}
	err = sameMessage(c.bench.Place(ctx, orderMessage))
	if err == nil {
		d.idle.give(c)
	}
	return err
}

func (d *dRPC) Close() (err error) {
	for _, c := range d.idle.free {
		err = errors.Join(err, c.Close())
	}
	return errors.Join(err, d.process.Close())
}

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
