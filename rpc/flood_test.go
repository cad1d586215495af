package rpc_test

import (
	"context"
	"errors"
	"iter"
	"runtime"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/go-hotplug/hotplug/internal/wire"
	"github.com/go-hotplug/hotplug/rpc"
	"github.com/go-hotplug/hotplug/rpc/rpctest"
)

// heap is what lives, in bytes.
func heap() int64 {
	var m runtime.MemStats
	runtime.GC()
	runtime.ReadMemStats(&m)
	return int64(m.HeapAlloc)
}

func TestAFloodOfPingsToAPeerThatNeverReadsCostsOnePong(t *testing.T) {
	r := rawPeer(t, rpc.Options{})
	ping := r.frame(wire.Frame{Kind: wire.Ping, Tx: wire.Tx{N: 1 << 40}}, nil)
	before := heap()
	for range 100 {
		r.write([]byte(strings.Repeat(string(ping), 1000)))
	}
	last := r.frame(wire.Frame{Kind: wire.Ping, Tx: wire.Tx{N: 42}}, nil)
	r.write(last)
	// What is answered now proves that the flood was read; few of its pongs were kept.
	pongs, f := 0, r.next()
	for ; f.Tx.N != 42; f = r.next() {
		pongs++
	}
	if grown := heap() - before; grown > 1<<20 {
		t.Errorf("%d bytes live on after the flood", grown)
	}
	if pongs > 20_000 {
		t.Errorf("%d of 100,000 pings were answered to a peer that did not read", pongs)
	}
}

func TestAFloodOfPongsAndGoodbyesCostsNothing(t *testing.T) {
	var mu sync.Mutex
	running, most := 0, 0
	r := rawPeer(t, rpc.Options{OnGoodbye: func(rpc.Goodbye) {
		mu.Lock()
		running++
		most = max(most, running)
		mu.Unlock()
		runtime.Gosched()
		mu.Lock()
		running--
		mu.Unlock()
	}})
	flood := string(r.frame(wire.Frame{Kind: wire.Pong, Tx: wire.Tx{N: 1}}, nil)) + string(r.frame(wire.Frame{Kind: wire.Goodbye, Meta: wire.Meta{Then: "stop"}}, nil))
	for range 100 {
		r.write([]byte(strings.Repeat(flood, 500)))
	}
	r.alive()
	mu.Lock()
	defer mu.Unlock()
	if most > 1 {
		t.Errorf("%d goodbye hooks ran at once", most)
	}
}

func TestTheLastGoodbyeIsHeardAndAHookThatPanicsBreaksNothing(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		heard := make(chan rpc.Goodbye, 10)
		r := rawPeer(t, rpc.Options{OnGoodbye: func(g rpc.Goodbye) { heard <- g; panic("boom") }})
		for _, m := range []wire.Meta{{Then: "park", Lease: 10_000}, {Then: "stop", Lease: -1 << 63}} {
			r.send(wire.Frame{Kind: wire.Goodbye, Meta: m}, nil)
			synctest.Wait()
		}
		if g := <-heard; g != (rpc.Goodbye{Then: rpc.GoodbyePark, Lease: 10 * time.Second}) {
			t.Errorf("got %+v", g)
		}
		if g := <-heard; g != (rpc.Goodbye{Then: rpc.GoodbyeStop}) {
			t.Errorf("got %+v", g)
		}
		r.alive()
	})
}

func TestCallsOverTheLimitAreExhaustedAndFarOverEndTheConnection(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		opt := handling(blocking(t))
		opt.MaxInflight = 3
		r := rawPeer(t, opt)
		for n := range uint64(3) {
			r.send(request(n+1), greetRequest{})
		}
		synctest.Wait() // all three handlers have begun: one whose call is over before that never does
		for n := range uint64(50) {
			r.send(request(n+10), greetRequest{})
			if e := r.nextError(); e.Code != rpc.Exhausted || !e.NotStarted || !e.Retryable || !strings.Contains(e.Message, "3 calls are being handled already") {
				t.Fatalf("got %+v", e)
			}
		}
		r.send(wire.Frame{Kind: wire.Cancel, Tx: wire.Tx{N: 1}}, nil)
		if e := r.nextError(); e.Code != rpc.Canceled || e.NotStarted {
			t.Fatalf("got %+v", e)
		}
		r.send(request(100), greetRequest{})
		synctest.Wait()
		if s := r.conn.Stats(); s.Refused != 50 || s.Serving != 3 {
			t.Fatalf("got %+v", s)
		}
		go func() { // never reads: the refusals pile up
			for n := uint64(1000); ; n++ {
				if _, err := r.stream.Write(r.frame(wire.Frame{Kind: wire.Request, Tx: wire.Tx{N: n}, Type: string(greet), Meta: wire.Meta{Headers: map[string]string{"h": strings.Repeat("x", 1000)}}}, nil)); err != nil {
					return
				}
			}
		}()
		flooded := r.over()
		if !errors.Is(flooded, rpc.Protocol) || !strings.Contains(flooded.Error(), "12 calls in flight, four times the limit of 3") {
			t.Fatalf("got %v", flooded)
		}
	})
}

// TestAPeerThatKeepsToTheLimitIsNeverRefused: its next call may arrive before the handler of the one that was answered is gone.
func TestAPeerThatKeepsToTheLimitIsNeverRefused(t *testing.T) {
	opt := handling(greet.Handle(hello))
	opt.MaxInflight = 2
	a, b := rpctest.PairWith(t, rpc.Options{MaxInflight: 2}, opt)
	var wg sync.WaitGroup
	for range 4 {
		wg.Go(func() {
			for range 1000 {
				if _, err := greet.Call(t.Context(), a, greetRequest{}); err != nil {
					t.Error(err)
					return
				}
			}
		})
	}
	wg.Wait()
	if n := b.Stats().Refused; n != 0 {
		t.Errorf("%d calls were refused", n)
	}
}

func TestCallersOfAPeerThatNeverReadsReturnAtTheirDeadline(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := rawPeer(t, rpc.Options{})
		ctx, cancel := context.WithTimeout(t.Context(), time.Second)
		defer cancel()
		start := time.Now()
		var wg sync.WaitGroup
		delivered := make(chan rpc.Delivery, 300)
		for range 100 {
			wg.Go(func() {
				_, err := echo.Call(ctx, r.conn, strings.Repeat("x", 50_000))
				if !errors.Is(err, rpc.Timeout) {
					t.Error(err)
				}
				delivered <- rpc.Delivered(err)
			})
			wg.Go(func() { _ = wave.Send(ctx, r.conn, 1) })
			wg.Go(func() { _, _ = r.conn.Ping(ctx) })
		}
		wg.Wait()
		if d := time.Since(start); d != time.Second {
			t.Errorf("they returned after %s", d)
		}
		close(delivered)
		count := map[rpc.Delivery]int{}
		for d := range delivered {
			count[d]++
		}
		if count[rpc.PerhapsDelivered] < 1 || count[rpc.PerhapsDelivered] > 4 { // the pipe holds 64 KiB
			t.Errorf("%v: some were written in part, most were not", count)
		}
		if err := r.conn.Drain(ctx); err == nil || !strings.Contains(err.Error(), "the peer does not read the answers that are left") {
			t.Errorf("drain: %v", err)
		}
		r.conn.Close()
	})
}

func TestMemoryIsBoundedWhenThePeerNeverReads(t *testing.T) {
	r := rawPeer(t, rpc.Options{})
	before := heap()
	for range 20 {
		ctx, cancel := context.WithTimeout(t.Context(), 5*time.Millisecond)
		var wg sync.WaitGroup
		for range 50 {
			wg.Go(func() { _, _ = echo.Call(ctx, r.conn, strings.Repeat("x", 20_000)) })
		}
		wg.Wait()
		cancel()
	}
	if grown := heap() - before; grown > 8<<20 {
		t.Errorf("20 MB of calls that nobody read keep %d bytes", grown)
	}
	if n := r.conn.Stats().Pending; n != 0 {
		t.Errorf("%d calls are pending", n)
	}
}

// TestItemsThatWaitKeepNoLargerBuffersThanTheyNeed: a frame that nobody wants gives its buffer back at once, for the item behind it to arrive in.
func TestItemsThatWaitKeepNoLargerBuffersThanTheyNeed(t *testing.T) {
	const items = 4096
	opt := handling(ingest.Handle(func(ctx context.Context, _ iter.Seq2[[]byte, error]) (int64, error) {
		<-ctx.Done()
		return 0, ctx.Err()
	}))
	opt.StreamItems = items
	r := rawPeer(t, opt)
	r.send(wire.Frame{Kind: wire.Request, Tx: wire.Tx{N: 1}, Type: string(ingest), Meta: wire.Meta{Opens: "upload"}}, nil)
	if f := r.next(); f.Kind != wire.UploadCredit {
		t.Fatalf("got %s", f.Kind)
	}
	pair := append(r.frame(wire.Frame{Kind: wire.FirstIgnorable}, make([]byte, 31<<10)), r.frame(of(wire.Upload, 1), []byte("small"))...)
	before := heap()
	for range items {
		r.write(pair)
	}
	r.alive()
	if grown := heap() - before; grown > 8<<20 {
		t.Errorf("%d items of 5 bytes that wait keep %d bytes", items, grown)
	}
}

func TestAMessageNameOfMegabytesIsAnsweredAtOnce(t *testing.T) {
	r := rawPeer(t, takers())
	r.send(wire.Frame{Kind: wire.Request, Tx: wire.Tx{N: 1}, Type: strings.Repeat("x", 8<<20)}, nil)
	if e := r.nextError(); e.Code != rpc.Unimplemented || len(e.Message) > 1000 {
		t.Errorf("got %s, %d bytes", e.Code, len(e.Message))
	}
}
