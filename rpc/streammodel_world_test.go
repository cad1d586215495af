package rpc_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"iter"
	"runtime"
	"slices"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/go-hotplug/hotplug/internal/wire"
	"github.com/go-hotplug/hotplug/rpc"
)

// A program is a handler or a caller of the modelled end, which does what it is told.
type program struct {
	acts   chan act // from the script, which closes it for callers; as long as a whole script
	sent   int
	cancel context.CancelFunc // callers

	mu  sync.Mutex // guards log: a step that only lets time pass orders nothing for the race detector
	log []string
}

func newProgram() *program { return &program{acts: make(chan act, tapeSteps)} }

func (p *program) note(text string) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.log = append(p.log, text)
}

func (p *program) noted() []string {
	p.mu.Lock()
	defer p.mu.Unlock()
	return slices.Clone(p.log)
}

// sawOf is what a log says of a value, or of the error that came in its place.
func sawOf(v int, err error) string {
	switch {
	case err == nil:
		return fmt.Sprint("got ", v)
	case err == io.EOF:
		return "eof"
	}
	return string(rpc.CodeOf(err))
}

// A modelWorld is a connection whose peer is the script, and the model that judges it.
type modelWorld struct {
	*raw
	t      *testing.T
	model  *protocolModel
	made   map[uint64]*program
	served map[*modelServed]*program
	calls  sync.WaitGroup

	mu       sync.Mutex // guards all below
	byHeader map[string]*program
	frames   []wire.Frame // that came out
	incoming int          // observations
	outgoing int
}

func newModelWorld(t *testing.T) *modelWorld {
	w := &modelWorld{t: t, made: map[uint64]*program{}, served: map[*modelServed]*program{}, byHeader: map[string]*program{}}
	w.raw = rawPeer(t, rpc.Options{Side: rpc.FromPlugin, MaxStreams: modelCalls, MaxInflight: modelCalls, StreamItems: modelItems, StreamBytes: modelBytes,
		Observe: w.observe, Handlers: rpc.NewMux(
			rpc.Stream[int, int]("m.down").Handle(func(ctx context.Context, _ int, send func(int) error) error { return w.handle(ctx, nil, send) }),
			rpc.Upload[int, int]("m.up").Handle(func(ctx context.Context, items iter.Seq2[int, error]) (int, error) {
				return modelReply, w.handle(ctx, items, nil)
			}),
			rpc.Duplex[int, int]("m.both").Handle(w.handle),
			rpc.Method[int, int]("m.plain").Handle(func(ctx context.Context, _ int) (int, error) { return modelReply, w.handle(ctx, nil, nil) }))})
	w.model = newProtocolModel(func(f wire.Frame, payload any) int64 { return sizeOf(w.frame(f, payload)) })
	go w.read()
	return w
}

// sizeOf is what a frame counts: MessagePack has a prefix of four bytes.
func sizeOf(frame []byte) int64 { return int64(len(frame)) - 4 }

func (w *modelWorld) observe(o rpc.Observation) {
	w.mu.Lock()
	defer w.mu.Unlock()
	if o.Incoming {
		w.incoming++
	} else {
		w.outgoing++
	}
}

// read collects what comes out, until the connection is over.
func (w *modelWorld) read() {
	for {
		buf, err := w.reader.Frame()
		if err != nil {
			return
		}
		f, err := w.format.Decode(bytes.Clone(buf.B))
		if err != nil {
			w.t.Errorf("a frame that cannot be read: %v", err)
			return
		}
		w.mu.Lock()
		w.frames = append(w.frames, f)
		w.mu.Unlock()
	}
}

// handle is every handler. What it was told comes before the end of its context.
func (w *modelWorld) handle(ctx context.Context, items iter.Seq2[int, error], send func(int) error) error {
	w.mu.Lock()
	p := w.byHeader[rpc.Headers(ctx)["program"]]
	w.mu.Unlock()
	if items == nil {
		items = func(func(int, error) bool) {}
	}
	recv, stop := iter.Pull2(items)
	defer stop()
	reports := int64(0)
	for {
		a, told := p.next(ctx)
		switch {
		case !told:
			return ctx.Err()
		case a == actReturn:
			return nil
		case a == actFail:
			return rpc.Errorf(rpc.Conflict, "as told")
		case a == actReport:
			reports++
			rpc.Report(ctx, rpc.Progress{Done: reports})
		default:
			p.handlerDoes(a, recv, send)
		}
	}
}

// next is what the program is told; false: its context has ended, and it was told nothing before.
func (p *program) next(ctx context.Context) (a act, told bool) {
	select {
	case a = <-p.acts:
		return a, true
	default:
	}
	select {
	case a = <-p.acts:
		return a, true
	case <-ctx.Done():
		return "", false
	}
}

func (p *program) handlerDoes(a act, recv func() (int, error, bool), send func(int) error) {
	switch a {
	case actSend:
		p.send(send)
	case actRecv:
		v, err, more := recv()
		if !more {
			err = io.EOF
		}
		p.note(sawOf(v, err))
	case actPanic:
		panic("as told")
	case actGoexit:
		runtime.Goexit()
	}
}

// send sends the program's next item.
func (p *program) send(send func(int) error) {
	if err := send(p.sent); err != nil {
		p.note(sawOf(0, err))
		return
	}
	p.sent++
	p.note("sent")
}

// call begins a call of the modelled end.
func (w *modelWorld) call(kind rpc.Kind, timed, news bool) {
	c, p := w.model.call(kind, timed, news), newProgram()
	w.made[c.tx] = p
	ctx, cancel := context.WithCancel(context.Background())
	p.cancel = cancel
	if news {
		ctx = rpc.OnProgress(ctx, func(r rpc.Progress) { p.note(fmt.Sprint("progress ", r.Done)) })
	}
	w.calls.Go(func() {
		if timed {
			soon, stop := context.WithTimeout(ctx, time.Second/2)
			defer stop()
			ctx = soon
		}
		p.callerRuns(ctx, w.conn, kind)
	})
}

func (p *program) callerRuns(ctx context.Context, c *rpc.Conn, kind rpc.Kind) {
	if kind == "" {
		var v int
		err := c.Invoke(ctx, &rpc.Message{Kind: rpc.KindMethod, Type: "peer.plain", Payload: 1}, &v)
		p.note(sawOf(v, err))
		return
	}
	f, err := c.Open(ctx, &rpc.Message{Kind: kind, Type: "peer.stream"})
	if err != nil {
		p.note(sawOf(0, err))
		return
	}
	defer f.Close()
	for a := range p.acts {
		if a == actLeave {
			return
		}
		p.callerDoes(a, f)
	}
}

func (p *program) callerDoes(a act, f rpc.Flow) {
	var v int
	switch a {
	case actSend:
		p.send(func(v int) error { return f.Send(v) })
	case actRecv:
		err := f.Recv(&v)
		p.note(sawOf(v, err))
	case actResult:
		err := f.Result(&v)
		p.note(sawOf(v, err))
	case actCloseSend:
		if err := f.CloseSend(); err != nil {
			p.note(sawOf(0, err))
			return
		}
		p.note("closed")
	}
}

// finish ends the connection, if it lives, lets every program end, and judges what is left.
func (w *modelWorld) finish() {
	if !w.model.dead {
		w.stream.Close()
		w.model.dies(false)
	}
	for _, p := range w.made {
		close(p.acts)
	}
	w.calls.Wait()
	for _, p := range w.made {
		p.cancel()
	}
	synctest.Wait()
	w.judgePrograms()
	if s := w.conn.Stats(); s.Pending+s.Serving+s.Streams+s.Unacknowledged != 0 || int(s.DroppedReplies) != w.model.dropped {
		w.t.Errorf("left: %+v; %d answers were to no call", s, w.model.dropped)
	}
	if w.incoming != w.model.requests || w.outgoing != len(w.model.made) {
		w.t.Errorf("%d calls of the peer ended, of %d; %d own ones, of %d", w.incoming, w.model.requests, w.outgoing, len(w.model.made))
	}
	if broken := errors.Is(w.conn.Err(), rpc.Protocol); broken != w.model.broken {
		w.t.Errorf("the connection ended with %v; a rule was broken: %v", w.conn.Err(), w.model.broken)
	}
}
