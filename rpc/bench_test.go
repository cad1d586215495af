package rpc_test

import (
	"context"
	"net"
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/go-hotplug/hotplug/codec"
	"github.com/go-hotplug/hotplug/internal/pipe"
	"github.com/go-hotplug/hotplug/internal/wire"
	"github.com/go-hotplug/hotplug/rpc"
)

// streams are what a connection may run on.
var streams = map[string]func(testing.TB) (net.Conn, net.Conn){
	"memory": func(testing.TB) (net.Conn, net.Conn) { return pipe.New(0) },
	"socket": unixPair,
}

// unixPair returns the two ends of a Unix socket.
func unixPair(t testing.TB) (net.Conn, net.Conn) {
	t.Helper()
	dir, err := os.MkdirTemp("", "rpc") // short: a socket's path is limited
	if err != nil {
		t.Fatal(err)
	}
	defer os.RemoveAll(dir)
	l, err := net.Listen("unix", filepath.Join(dir, "s"))
	if err != nil {
		t.Skipf("no Unix sockets here: %v", err)
	}
	defer l.Close()
	a, err := net.Dial("unix", l.Addr().String())
	if err != nil {
		t.Fatal(err)
	}
	b, err := l.Accept()
	if err != nil {
		t.Fatal(err)
	}
	return a, b
}

func connected(t testing.TB, stream string) *rpc.Conn {
	t.Helper()
	left, right := streams[stream](t)
	a := rpc.NewConn(context.Background(), left, rpc.Options{})
	b := rpc.NewConn(context.Background(), right, handling(greet.Handle(hello), wave.Handle(func(context.Context, int) error { return nil })))
	t.Cleanup(func() {
		a.Close()
		b.Close()
	})
	return a
}

func call(t testing.TB, c *rpc.Conn) {
	if _, err := greet.Call(context.Background(), c, greetRequest{Name: "Ada", Age: 36}); err != nil {
		t.Error(err)
	}
}

func BenchmarkCall(b *testing.B) {
	for name := range streams {
		b.Run(name, func(b *testing.B) {
			c := connected(b, name)
			b.ReportAllocs()
			for b.Loop() {
				call(b, c)
			}
		})
	}
}

func BenchmarkCallFrom64Callers(b *testing.B) {
	for name := range streams {
		b.Run(name, func(b *testing.B) {
			c := connected(b, name)
			work := make(chan struct{}) // b.Loop hands out one call each; closed when there are no more
			done := make(chan struct{})
			for range 64 {
				go func() {
					for range work {
						call(b, c)
					}
					done <- struct{}{}
				}()
			}
			b.ReportAllocs()
			for b.Loop() {
				work <- struct{}{}
			}
			close(work)
			for range 64 {
				<-done
			}
		})
	}
}

func BenchmarkNotice(b *testing.B) {
	for name := range streams {
		b.Run(name, func(b *testing.B) {
			c := connected(b, name)
			b.ReportAllocs()
			for b.Loop() {
				if err := wave.Send(context.Background(), c, 1); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}

func TestACallAllocatesLittle(t *testing.T) {
	if raced {
		t.Skip("the race detector has pools lose what they hold, at random")
	}
	const most = 9 // both ends, one of them with a goroutine for the handler, and a struct each way
	for name := range streams {
		c := connected(t, name)
		if n := testing.AllocsPerRun(200, func() { call(t, c) }); n > most {
			t.Errorf("%s: a call allocates %.0f times, expected at most %d", name, n, most)
		}
	}
}

// echoing answers each request with its payload, without allocating anything.
func echoing(stream net.Conn) {
	r, format := wire.NewReader(stream), wire.WithNames(wire.FormatOf(codec.MessagePackSerializer{}), []string{"test.bytes"})
	r.SetFraming(format, 1<<20)
	var out []byte
	var answer wire.Frame
	payload := make([]byte, 64)
	var boxed any = payload
	for {
		buf, err := r.Frame()
		if err != nil {
			return
		}
		f, err := format.Decode(buf.B)
		if err != nil {
			return
		}
		answer = wire.Frame{Kind: wire.Result, Tx: f.Tx}
		if out, err = format.Append(out[:0], &answer, boxed, 1<<20); err != nil {
			return
		}
		buf.Release()
		if _, err := stream.Write(out); err != nil {
			return
		}
	}
}

func TestACallAllocatesThreeTimesAtItsCaller(t *testing.T) {
	if raced {
		t.Skip("the race detector has pools lose what they hold, at random")
	}
	left, right := unixPair(t)
	go echoing(right) // ends with right
	defer right.Close()
	c := rpc.NewConn(context.Background(), left, rpc.Options{CallTimeout: time.Minute})
	defer c.Close()
	const bytes rpc.Method[[]byte, []byte] = "test.bytes"
	payload := make([]byte, 64)
	n := testing.AllocsPerRun(1000, func() {
		if got, err := bytes.Call(context.Background(), c, payload); err != nil || len(got) != 64 {
			t.Errorf("%d bytes, %v", len(got), err)
		}
	})
	if n > 3 { // the message with its reply, the payload as an interface, the bytes of the reply
		t.Errorf("a call allocates %.0f times", n)
	}
}

func TestCallsWorkOverAUnixSocket(t *testing.T) {
	c := connected(t, "socket")
	for range 100 {
		call(t, c)
	}
	if err := wave.Send(t.Context(), c, 1); err != nil {
		t.Fatal(err)
	}
	if _, err := c.Ping(t.Context()); err != nil {
		t.Fatal(err)
	}
}

// retrying is a Retrier that always has the same connection.
func retrying(c *rpc.Conn, callTimeout time.Duration) *rpc.Retrier {
	return rpc.NewRetrier(func(context.Context, string, rpc.Peer) (rpc.Peer, error) { return c, nil }, callTimeout)
}

func BenchmarkCallThroughARetrier(b *testing.B) {
	for name := range streams {
		b.Run(name, func(b *testing.B) {
			r := retrying(connected(b, name), 0)
			b.ReportAllocs()
			for b.Loop() {
				if _, err := greet.Call(context.Background(), r, greetRequest{Name: "Ada", Age: 36}); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}

// An instant peer has answered already.
type instant struct{}

func (instant) Invoke(context.Context, *rpc.Message, any) error      { return nil }
func (instant) Notify(context.Context, *rpc.Message) error           { return nil }
func (instant) Open(context.Context, *rpc.Message) (rpc.Flow, error) { return nil, nil }

func TestARetrierAllocatesNothingForACallThatSucceedsTheFirstTimeAndOnceForAFlow(t *testing.T) {
	var there rpc.Peer = instant{}
	r := rpc.NewRetrier(func(context.Context, string, rpc.Peer) (rpc.Peer, error) { return there, nil }, 0)
	m, reply := &rpc.Message{Kind: rpc.KindQuery, Type: "x"}, new(int)
	ctx := context.Background()
	if n := testing.AllocsPerRun(100, func() { _, _ = r.Invoke(ctx, m, reply), r.Notify(ctx, m) }); n != 0 {
		t.Errorf("a call and a notice allocate %.0f times", n)
	}
	n := testing.AllocsPerRun(100, func() {
		_, err := r.Open(ctx, m)
		if err != nil || r.Invoke(ctx, m, reply) != nil || r.Notify(ctx, m) != nil {
			t.Error("no success")
		}
	})
	if n > 1 {
		t.Errorf("a Retrier allocates %.0f times", n)
	}
}

func TestACallTimeoutCostsARetrierNoMoreThanItCostsAConnection(t *testing.T) {
	if raced {
		t.Skip("the race detector has pools lose what they hold, at random")
	}
	left, right := pipe.New(0)
	a := rpc.NewConn(context.Background(), left, rpc.Options{CallTimeout: time.Minute})
	b := rpc.NewConn(context.Background(), right, handling(greet.Handle(hello)))
	defer a.Close()
	defer b.Close()
	allocs := func(p rpc.Peer) float64 {
		return testing.AllocsPerRun(500, func() { _, _ = greet.Call(context.Background(), p, greetRequest{Name: "Ada"}) })
	}
	if bare, wrapped := allocs(a), allocs(retrying(a, time.Minute)); wrapped > bare {
		t.Errorf("a call allocates %.0f times, through a Retrier %.0f", bare, wrapped)
	}
}
