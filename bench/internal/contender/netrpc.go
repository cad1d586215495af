package contender

import (
	"context"
	"net"
	"net/rpc"
)

// A netRPC is the standard library's: gob over a Unix socket.
type netRPC struct {
	*process
	client *rpc.Client
}

// rpcService is what net/rpc calls, here and by way of go-plugin.
type rpcService struct{}

func (rpcService) Echo(data []byte, reply *[]byte) error {
	*reply = data
	return nil
}

func (rpcService) Place(o Order, reply *Order) error {
	*reply = o
	return nil
}

func openNetRPC(ctx context.Context) (Contender, error) {
	p, err := startProcess(ctx, NetRPC)
	if err != nil {
		return nil, err
	}
	conn, err := p.dial()
	if err != nil {
		return nil, p.abandon(err)
	}
	return &netRPC{p, rpc.NewClient(conn)}, nil
}

func (n *netRPC) Echo(_ context.Context, data []byte) ([]byte, error) {
	return echoByRPC(n.client, "Bench.Echo", data)
}

func (n *netRPC) Place(context.Context) error { return placeByRPC(n.client, "Bench.Place") }

func (n *netRPC) Close() error {
	n.client.Close()
	return n.process.Close()
}

func echoByRPC(c *rpc.Client, method string, data []byte) (reply []byte, err error) {
	err = c.Call(method, data, &reply)
	return reply, err
}

func placeByRPC(c *rpc.Client, method string) error {
	var reply Order
	err := c.Call(method, order, &reply)
	return same(reply, err)
}

func serveNetRPC() error {
	s := rpc.NewServer()
	if err := s.RegisterName("Bench", rpcService{}); err != nil {
		return err
	}
	return serveEach(func(conn net.Conn) { s.ServeConn(conn) })
}
