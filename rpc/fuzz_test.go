package rpc_test

import (
	"context"
	"testing"

	"github.com/go-hotplug/hotplug/codec"
	"github.com/go-hotplug/hotplug/internal/pipe"
	"github.com/go-hotplug/hotplug/internal/wire"
	"github.com/go-hotplug/hotplug/rpc"
)

// FuzzConn feeds a peer's bytes to a connection with handlers: whatever they are, it ends without a panic and leaves nothing behind.
func FuzzConn(f *testing.F) {
	formats := []codec.Serializer{codec.MessagePackSerializer{}, codec.JsonSerializer{}}
	for i, s := range formats {
		var stream []byte
		for _, frame := range []wire.Frame{request(1), notice(1), {Kind: wire.Ping}, {Kind: wire.Cancel, Tx: wire.Tx{N: 1}}, {Kind: wire.Credit}, {Kind: wire.Goodbye}} {
			var err error
			if stream, err = wire.FormatOf(s).Append(stream, &frame, greetRequest{Name: "Ada"}, 1000); err != nil {
				f.Fatal(err)
			}
		}
		f.Add(stream, i == 1)
	}
	f.Fuzz(func(t *testing.T, b []byte, json bool) {
		opt := handling(greet.Handle(hello), any1.Handle(self[any]), wave.Handle(func(context.Context, int) error { return nil }))
		if opt.MaxFrame = 1 << 16; json {
			opt.Serializer = formats[1]
		}
		left, right := pipe.New(1 << 16)
		c := rpc.NewConn(context.Background(), left, opt)
		defer c.Close()
		go func() { // reads what is answered, until the connection is over
			answers := make([]byte, 4096)
			for {
				if _, err := right.Read(answers); err != nil {
					return
				}
			}
		}()
		_, _ = right.Write(b)
		if half, ok := right.(interface{ CloseWrite() error }); ok {
			_ = half.CloseWrite()
		}
		<-c.Done()
		if c.Err() == nil {
			t.Fatal("over without a reason")
		}
		if err := c.Drain(t.Context()); err != nil || c.Stats().Pending != 0 {
			t.Fatalf("%v, %+v", err, c.Stats())
		}
	})
}
