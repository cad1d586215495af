//go:build linux

package e2e_test

import (
	"context"
	"errors"
	"io"
	"runtime"
	"strings"
	"testing"
	"time"

	"github.com/go-hotplug/hotplug/codec"
	"github.com/go-hotplug/hotplug/e2e/internal/oddityapi"
	"github.com/go-hotplug/hotplug/host"
	"github.com/go-hotplug/hotplug/internal/wire"
	"github.com/go-hotplug/hotplug/rpc"
	"github.com/go-hotplug/hotplug/rpc/middleware"
	"github.com/go-hotplug/hotplug/rpc/rpctest"
)

type (
	number  = oddityapi.Number
	handler = func(context.Context, number) (number, error)
)

const doubled = oddityapi.Double

// ask calls Double in memory: a handler answers it on one end, the other end has these options.
func ask(t *testing.T, ctx context.Context, h handler, o rpc.Options) error {
	t.Helper()
	a, _ := rpctest.PairWith(t, o, rpc.Options{Handlers: rpc.NewMux(doubled.Handle(h)), Side: rpc.FromPlugin, Serializer: o.Serializer})
	_, err := doubled.Call(ctx, a, number{N: 1})
	return err
}

// untilOver is a handler that runs until nobody waits for it.
func untilOver(ctx context.Context, n number) (number, error) {
	<-ctx.Done()
	return n, context.Cause(ctx)
}

// badHandlers are handlers whose callers get an error.
var badHandlers = map[string]handler{
	"panics": func(context.Context, number) (number, error) { panic("out of cheese") },
	"leaves": func(context.Context, number) (number, error) { runtime.Goexit(); return number{}, nil },
	"nil":    func(context.Context, number) (number, error) { var e *rpc.Error; return number{}, e },
	"empty":  func(context.Context, number) (number, error) { return number{}, &rpc.Error{Code: rpc.Internal} },
	"details": func(context.Context, number) (number, error) {
		return number{}, &rpc.Error{Code: rpc.Conflict, Message: "no", Details: map[string]any{"x": make(chan int)}}
	},
}

func TestErrorsOfCalling(t *testing.T) {
	c := openChapter(t, "Calling")
	for _, h := range badHandlers {
		c.meets(ask(t, t.Context(), h, rpc.Options{}))
	}
	for _, part := range []func(*testing.T){c.names, c.deadlines, c.endings, c.middleware, c.transactions, c.sizes, c.streams, c.peers, c.plugins, c.parked, c.permissions} {
		part(t)
	}
	c.asWritten(byLuck, "MESSAGE: no host is connected")
	c.asWritten(elsewhere, "MESSAGE: N calls are in flight already, N of which", "MESSAGE: N streams are open already, N of which", "the function that makes the items")
	c.asWritten(elsewhere, "MESSAGE: a message without a deadline")
}

// names are the errors of messages that the other side does not know, or knows as something else.
func (c *chapter) names(t *testing.T) {
	a, b := rpctest.Pair(t, nil, []rpc.Handler{doubled.Handle(untilOver), oddityapi.Told.Handle(func(context.Context, number) error { return nil })})
	for _, wrong := range []rpc.Method[number, number]{"e2e.doubel", "something.else", "e2e.told"} {
		_, err := wrong.Call(t.Context(), a, number{})
		c.meets(err)
	}
	_, err := doubled.Call(t.Context(), b, number{})
	c.meets(err)
	_, err = rpc.Method[wordNumber, number](doubled).Call(t.Context(), a, wordNumber{})
	c.meets(err)
	c.meets(a.Invoke(t.Context(), &rpc.Message{Kind: rpc.KindMethod, Type: string(oddityapi.Told), Payload: number{}}, new(number)))
}

// deadlines are the errors of calls that take too long.
func (c *chapter) deadlines(t *testing.T) {
	soon, cancel := context.WithTimeout(t.Context(), 50*time.Millisecond)
	defer cancel()
	gone, cancelNow := context.WithCancel(t.Context())
	cancelNow()
	for ctx, o := range map[context.Context]rpc.Options{t.Context(): {CallTimeout: 20 * time.Millisecond}, soon: {}} {
		deaf := func(_ context.Context, n number) (number, error) { <-t.Context().Done(); return n, nil }
		c.meets(ask(t, ctx, deaf, o))
	}
	c.meets(ask(t, gone, untilOver, rpc.Options{}))

	started := make(chan struct{})
	a, _ := rpctest.PairWith(t, rpc.Options{MaxInflight: 1}, rpc.Options{Handlers: rpc.NewMux(
		doubled.Handle(func(ctx context.Context, n number) (number, error) { close(started); return untilOver(ctx, n) }),
		oddityapi.Told.Handle(func(ctx context.Context, _ number) error { <-ctx.Done(); return nil }),
	)})
	go doubled.Call(t.Context(), a, number{})
	<-started
	soon, cancel = context.WithTimeout(t.Context(), 50*time.Millisecond)
	defer cancel()
	_, err := doubled.Call(soon, a, number{})
	c.meets(err)
	later, cancel := context.WithTimeout(t.Context(), 500*time.Millisecond)
	defer cancel()
	for err = nil; err == nil; {
		err = oddityapi.Told.Send(later, a, number{})
	}
	c.meets(err)
}

// endings are the errors of connections that end.
func (c *chapter) endings(t *testing.T) {
	for _, end := range []func(a, b *rpc.Conn){
		func(a, _ *rpc.Conn) { a.Close() },
		func(a, b *rpc.Conn) { b.Close(); <-a.Done() },
		func(a, _ *rpc.Conn) { _ = a.Goodbye(t.Context(), rpc.Goodbye{Then: rpc.GoodbyeStop}) },
	} {
		over, started := make(chan error, 1), make(chan struct{}) // one slot: the handler runs once
		a, b := rpctest.Pair(t, nil, []rpc.Handler{doubled.Handle(func(ctx context.Context, n number) (number, error) {
			close(started)
			_, err := untilOver(ctx, n)
			over <- err
			return n, err
		})})
		go doubled.Call(t.Context(), a, number{})
		<-started
		end(a, b)
		_, err := doubled.Call(t.Context(), a, number{})
		c.meets(err)
		if a.Err() != nil {
			c.meets(<-over)
		}
	}
}

// middleware are the errors of what programs put between call and handler.
func (c *chapter) middleware(t *testing.T) {
	fails := func(context.Context, number) (number, error) { return number{}, errors.New("no") }
	c.meets(ask(t, t.Context(), fails, rpc.Options{Middleware: []rpc.Middleware{func(_ context.Context, m *rpc.Message, _ rpc.Direction) (*rpc.Message, error) {
		m.Err = nil
		return nil, nil
	}}}))
	c.meets(ask(t, t.Context(), fails, rpc.Options{Middleware: []rpc.Middleware{func(context.Context, *rpc.Message, rpc.Direction) (*rpc.Message, error) { panic("bug") }}}))
	c.meets(ask(t, t.Context(), fails, rpc.Options{Middleware: []rpc.Middleware{middleware.PayloadLimit(1, nil)}}))
	for _, mw := range []rpc.Middleware{middleware.PayloadLimit(1, nil), middleware.Redact("x").Travelling()} {
		a, _ := rpctest.PairWith(t, rpc.Options{Middleware: []rpc.Middleware{mw}, PeerHandles: []rpc.Use{}}, rpc.Options{})
		c.meets(a.Invoke(t.Context(), &rpc.Message{Kind: rpc.KindMethod, Type: "m", Payload: make(chan int)}, new(number)))
	}
	c.meets((&rpc.Message{Payload: 1}).Decode(3))
	_, err := middleware.ParseTraceparent("00-x")
	c.meets(err)
}

// transactions are the errors of a generator of ids.
func (c *chapter) transactions(t *testing.T) {
	c.meets(ask(t, t.Context(), untilOver, rpc.Options{TxID: func(*rpc.Message) string { panic("bug") }}))
	c.meets(ask(t, t.Context(), untilOver, rpc.Options{TxID: func(*rpc.Message) string { return "" }}))
	started := make(chan struct{})
	a, _ := rpctest.PairWith(t, rpc.Options{TxID: func(*rpc.Message) string { return "same" }}, rpc.Options{Handlers: rpc.NewMux(
		doubled.Handle(func(ctx context.Context, n number) (number, error) { close(started); return untilOver(ctx, n) }))})
	go doubled.Call(t.Context(), a, number{})
	<-started
	_, err := doubled.Call(t.Context(), a, number{})
	c.meets(err)
}

// sizes are the errors of messages over the limit.
func (c *chapter) sizes(t *testing.T) {
	large := oddityapi.Text{Text: strings.Repeat("x", 10_000)}
	headers := map[string]string{}
	for n := range 129 {
		headers[strings.Repeat("h", n+1)] = "v"
	}
	const echo rpc.Method[oddityapi.Text, oddityapi.Text] = "echo"
	a, _ := rpctest.PairWith(t, rpc.Options{MaxFrame: 1024}, rpc.Options{MaxFrame: 1024, Handlers: rpc.NewMux(
		echo.Handle(func(context.Context, oddityapi.Text) (oddityapi.Text, error) { return large, nil }))})
	for _, text := range []oddityapi.Text{large, {}} {
		_, err := echo.Call(t.Context(), a, text)
		c.meets(err)
	}
	c.meets(a.Invoke(t.Context(), &rpc.Message{Kind: rpc.KindMethod, Type: "echo", Headers: headers}, new(any)))
}

// peers are the errors that a peer which is no build of this library brings about.
func (c *chapter) peers(t *testing.T) {
	refused := make(chan error, 100) // more than are observed
	r := newRawPeer(t, codec.MessagePackSerializer{}, rpc.Options{Handlers: rpc.NewMux(doubled.Handle(untilOver)), MaxInflight: 1,
		Observe: func(o rpc.Observation) { refused <- o.Err }})
	go io.Copy(io.Discard, r.stream)
	for i := range uint64(2) {
		r.send(wire.Frame{Kind: wire.Request, Type: string(doubled), Tx: wire.Tx{N: i + 1}}, number{})
	}
	c.meets(<-refused)
	c.meets(neverBegun(t))

	r = newRawPeer(t, codec.MessagePackSerializer{}, rpc.Options{})
	go func() {
		_, _ = r.stream.Read(make([]byte, 1024))
		r.send(wire.Frame{Kind: wire.Error, Tx: wire.Tx{N: 1}}, 7)
	}()
	_, err := doubled.Call(t.Context(), r.conn, number{})
	c.meets(err)
}

// neverBegun is the error of a call that was given up before its handler had its turn: a matter of luck.
func neverBegun(t *testing.T) error {
	t.Helper()
	seen := make(chan error, 1) // one slot: the next call is sent when this one is over
	quick := func(_ context.Context, n number) (number, error) { return n, nil }
	r := newRawPeer(t, codec.MessagePackSerializer{}, rpc.Options{Handlers: rpc.NewMux(doubled.Handle(quick)), Observe: func(o rpc.Observation) { seen <- o.Err }})
	go io.Copy(io.Discard, r.stream)
	for i := range uint64(100_000) {
		tx := wire.Tx{N: i + 1}
		b, err := r.format.Append(nil, &wire.Frame{Kind: wire.Request, Type: string(doubled), Tx: tx}, number{}, 1<<20)
		mustDo(t, err)
		b, err = r.format.Append(b, &wire.Frame{Kind: wire.Cancel, Tx: tx}, nil, 1<<20)
		mustDo(t, err)
		_, _ = r.stream.Write(b)
		if err := <-seen; err != nil {
			return err
		}
	}
	return nil
}

// plugins are the errors of calls to a plugin that does not run, and of a worker's.
func (c *chapter) plugins(t *testing.T) {
	t.Run("stopped", func(t *testing.T) {
		p := newSite(t).open().Plugin("counter")
		mustDo(t, p.Close())
		c.meets(p.Ready(t.Context()))
	})
	t.Run("forward", func(t *testing.T) {
		s := newSite(t)
		l := s.launch("oddity")
		l.Host.Handlers = []rpc.Handler{host.Forward(oddityapi.Double, "counter")}
		_, err := oddityapi.Relay.Call(t.Context(), s.startWorker(l), number{N: 1})
		c.meets(err)
	})
}

// parked are the errors of calls to a host that has parked the plugin, and has not come back when its lease ends.
func (c *chapter) parked(t *testing.T) {
	t.Helper()
	w := byHand(t, "oddity", nil)
	stream, _, err := w.connect(nil)
	mustDo(t, err)
	asked := make(chan struct{}, 1)
	conn := rpc.NewConn(t.Context(), stream, rpc.Options{Handlers: rpc.NewMux(doubled.Handle(func(_ context.Context, n number) (number, error) {
		signal(asked)
		return n, nil
	}))})
	defer conn.Close()
	_, err = oddityapi.Grumble.Call(t.Context(), conn, struct{}{})
	mustDo(t, err)
	await(t, asked, "a call")
	mustDo(t, conn.Goodbye(t.Context(), rpc.Goodbye{Then: rpc.GoodbyePark, Lease: 2 * time.Second}))
	await(t, conn.Done(), "its parting")
	await(t, w.ended, "the end of its lease")
	for line := range strings.Lines(w.stderr.String()) {
		if strings.HasPrefix(line, string(doubled)) {
			c.says(strings.TrimSpace(line))
		}
	}
}

func signal(c chan<- struct{}) {
	select {
	case c <- struct{}{}:
	default:
	}
}

type wordNumber struct {
	N string `json:"n"`
}
