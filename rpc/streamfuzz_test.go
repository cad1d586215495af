package rpc_test

import (
	"bytes"
	"context"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/go-hotplug/hotplug/internal/wire"
	"github.com/go-hotplug/hotplug/rpc"
)

// A script is what a fuzzed peer does, a byte for each decision; 0 when it is used up.
type script []byte

func (s *script) next() byte {
	if len(*s) == 0 {
		return 0
	}
	b := (*s)[0]
	*s = (*s)[1:]
	return b
}

var fuzzedKinds = []wire.Kind{wire.Request, wire.Cancel, wire.Upload, wire.UploadEnd, wire.Credit, wire.Result, wire.Error, wire.Item, wire.End, wire.UploadCredit, wire.Progress}

var fuzzedNumbers = []uint64{0, 1, 2, 255, 1 << 20, 1<<53 - 1, 1 << 53, 1<<63 - 1, 1 << 63, 1<<64 - 1}

// frame is the next frame of a script, and its payload. Txs are few, so that they meet calls that live.
func (s *script) frame() (wire.Frame, any) {
	f := wire.Frame{Kind: fuzzedKinds[int(s.next())%len(fuzzedKinds)], Tx: wire.Tx{N: uint64(s.next() % 6)}}
	switch f.Kind {
	case wire.Request:
		names := []string{string(count), string(total), string(talk), string(lookup), "flow.unknown"}
		f.Type = names[int(s.next())%len(names)]
		f.Meta.Opens = []string{"stream", "upload", "duplex", "", "relay"}[int(s.next())%5]
		f.Meta.Progress = s.next()%2 == 1
		f.Meta.Items, f.Meta.Bytes = fuzzedNumbers[int(s.next())%len(fuzzedNumbers)], fuzzedNumbers[int(s.next())%len(fuzzedNumbers)]
	case wire.Credit, wire.UploadCredit:
		f.Meta.Items, f.Meta.Bytes = fuzzedNumbers[int(s.next())%len(fuzzedNumbers)], fuzzedNumbers[int(s.next())%len(fuzzedNumbers)]
	}
	payloads := []any{nil, 1, 3, "text", map[string]any{"code": "Denied"}, bytes.Repeat([]byte("x"), 2000)}
	return f, payloads[int(s.next())%len(payloads)]
}

// An account is the credit that a fuzzed peer has given for the items of calls that it made, by tx. It is kept as docs/protocol.md says.
type account map[wire.Tx]*struct{ items, bytes int64 }

func (a account) given(f *wire.Frame) {
	switch c, open := a[f.Tx]; {
	case f.Kind == wire.Request && !open:
		a[f.Tx] = &struct{ items, bytes int64 }{int64(min(f.Meta.Items, 1<<53-1)), int64(min(f.Meta.Bytes, 1<<53-1))}
	case f.Kind == wire.Credit && open && f.Meta.Items < 1<<53 && f.Meta.Bytes < 1<<53:
		c.items, c.bytes = c.items+int64(f.Meta.Items), c.bytes+int64(f.Meta.Bytes)
	}
}

// taken notes an item that came, and reports whether there was credit for it.
func (a account) taken(f *wire.Frame, size int) bool {
	c, open := a[f.Tx]
	if !open || c.items <= 0 || c.bytes <= 0 {
		return false
	}
	c.items, c.bytes = c.items-1, c.bytes-int64(size)
	return true
}

// FuzzStreamsOfAHostilePeer has a peer send any frames of calls and streams to a connection that serves and makes them. Whatever it sends: nothing
// panics, each call made ends exactly once, no item comes without credit, and nothing is left.
func FuzzStreamsOfAHostilePeer(f *testing.F) {
	f.Add([]byte{})
	f.Add([]byte{0, 1, 0, 0, 1, 1, 4, 0, 4, 1, 5, 4, 0, 1, 1})       // a stream, and credit
	f.Add([]byte{0, 2, 1, 1, 0, 0, 0, 0, 2, 2, 1, 3, 2, 0})          // an upload of one item
	f.Add([]byte{7, 1, 1, 7, 1, 1, 8, 1, 0, 9, 2, 3, 4, 0, 5, 2, 0}) // items, ends and credit for what the connection opened
	f.Add([]byte{0, 3, 2, 2, 1, 3, 4, 0, 2, 3, 1, 1, 3, 0, 6, 1, 4})
	f.Fuzz(func(t *testing.T, in []byte) {
		if len(in) > 4096 {
			return
		}
		synctest.Test(t, func(t *testing.T) { hostileStreams(t, script(in)) })
	})
}

func hostileStreams(t *testing.T, s script) {
	var ended, opened atomic.Int64
	r := rawPeer(t, rpc.Options{Handlers: rpc.NewMux(append(ending(), lookup.Handle(func(ctx context.Context, _ string) (int, error) {
		rpc.Report(ctx, rpc.Progress{Done: 1})
		return 1, nil
	}))...), MaxStreams: 3, MaxInflight: 3, StreamItems: 2, StreamBytes: 4000, Observe: func(o rpc.Observation) {
		if !o.Incoming {
			ended.Add(1)
		}
	}})
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	defer cancel()
	made := r.makesCalls(ctx, &opened)
	acc := account{}
	arrived := make(chan wire.Frame, 1<<16) // more than a script brings about; the reader below never waits
	go r.drainInto(arrived)
	for len(s) > 0 && r.conn.Err() == nil {
		if s[0] == 0xff { // time passes
			s.next()
			time.Sleep(time.Second)
		}
		f, payload := s.frame()
		r.write(r.frame(f, payload))
		acc.given(&f)
		synctest.Wait()
		r.settleAccount(acc, arrived)
	}
	r.stream.Close()
	cancel()
	for range made {
	}
	<-r.conn.Done()
	synctest.Wait()
	nothingLeft(t, r.conn)
	if ended.Load() != opened.Load() {
		t.Errorf("%d calls were made, %d ended", opened.Load(), ended.Load())
	}
}

// makesCalls has the connection make a call of each kind. The channel is closed when all have ended.
func (r *raw) makesCalls(ctx context.Context, opened *atomic.Int64) <-chan struct{} {
	calls := []func(){
		func() { _, _ = collect(count.Open(rpc.OnProgress(ctx, func(rpc.Progress) {}), r.conn, 1)) },
		func() { _, _ = total.Call(ctx, r.conn, numbers(5)) },
		func() { _, _ = lookup.Call(ctx, r.conn, "x") },
	}
	done, left := make(chan struct{}), new(atomic.Int64)
	left.Store(int64(len(calls)))
	for _, call := range calls {
		opened.Add(1)
		go func() {
			call()
			if left.Add(-1) == 0 {
				close(done)
			}
		}()
		synctest.Wait() // their txs are 1, 2, 3
	}
	return done
}

// drainInto reads frames until the stream ends. A frame's Deadline stands for its size.
func (r *raw) drainInto(arrived chan<- wire.Frame) {
	defer close(arrived)
	for {
		buf, err := r.reader.Frame()
		if err != nil {
			return
		}
		f, err := r.format.Decode(bytes.Clone(buf.B))
		if err != nil {
			r.t.Errorf("a frame that cannot be read: %v", err)
			return
		}
		f.Meta.Deadline = int64(len(buf.B))
		arrived <- f
	}
}

// settleAccount compares what came with the credit that was given.
func (r *raw) settleAccount(acc account, arrived <-chan wire.Frame) {
	for {
		select {
		case f, open := <-arrived:
			if !open {
				return
			}
			if f.Kind == wire.Item && !acc.taken(&f, int(f.Meta.Deadline)) {
				r.t.Errorf("an item of call %s without credit", f.Tx)
			}
			if f.Kind == wire.End || f.Kind == wire.Error || f.Kind == wire.Result {
				delete(acc, f.Tx)
			}
		default:
			return
		}
	}
}
