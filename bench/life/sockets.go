package life

import (
	"context"
	"encoding/binary"
	"io"
	"net/rpc"

	"github.com/containerd/ttrpc"
	"google.golang.org/protobuf/types/known/wrapperspb"

	"github.com/go-hotplug/hotplug/bench/life/contract/netrpcecho"
)

// launchBare checks nobody: that it is a floor, and no way to have plugins.
func launchBare(_ context.Context, w *world, program string) (*server, error) {
	c, err := startChild(w, program)
	if err != nil {
		return nil, err
	}
	echo := func(_ context.Context, data []byte) ([]byte, error) {
		if _, err := c.conn.Write(append(binary.BigEndian.AppendUint32(nil, uint32(len(data))), data...)); err != nil {
			return nil, err
		}
		reply := make([]byte, 4+len(data))
		_, err := io.ReadFull(c.conn, reply)
		return reply[4:], err
	}
	return &server{c.cmd.Process.Pid, echo, c.end}, nil
}

func launchNetRPC(_ context.Context, w *world, program string) (*server, error) {
	c, err := startChild(w, program)
	if err != nil {
		return nil, err
	}
	client := rpc.NewClient(c.conn)
	echo := func(_ context.Context, data []byte) (reply []byte, err error) {
		err = client.Call(netrpcecho.Method, data, &reply)
		return reply, err
	}
	return &server{c.cmd.Process.Pid, echo, c.end}, nil
}

func launchTTRPC(_ context.Context, w *world, program string) (*server, error) {
	c, err := startChild(w, program)
	if err != nil {
		return nil, err
	}
	client := ttrpc.NewClient(c.conn)
	echo := func(ctx context.Context, data []byte) ([]byte, error) {
		reply := new(wrapperspb.BytesValue)
		err := client.Call(ctx, "bench.Echo", "Echo", wrapperspb.Bytes(data), reply)
		return reply.Value, err
	}
	end := func() error {
		client.Close()
		return c.end()
	}
	return &server{c.cmd.Process.Pid, echo, end}, nil
}
