package rpc_test

import (
	"context"
	"errors"
	"io"
	"strings"
	"testing"
	"testing/synctest"

	"github.com/go-hotplug/hotplug/codec"
	"github.com/go-hotplug/hotplug/internal/abridge"
	"github.com/go-hotplug/hotplug/internal/wire"
	"github.com/go-hotplug/hotplug/rpc"
)

const story rpc.Notice[string] = "greeter.story"

func request(n uint64) wire.Frame {
	return wire.Frame{Kind: wire.Request, Tx: wire.Tx{N: n}, Type: string(greet)}
}

// of is a frame that belongs to a call.
func of(k wire.Kind, n uint64) wire.Frame { return wire.Frame{Kind: k, Tx: wire.Tx{N: n}} }

func notice(n uint64) wire.Frame {
	return wire.Frame{Kind: wire.Notice, Tx: wire.Tx{N: n}, Type: string(wave)}
}

func manyHeaders(n int) map[string]string {
	all := map[string]string{}
	for range n {
		all[strings.Repeat("h", len(all)+1)] = "v"
	}
	return all
}

func TestAMessageHasNoMoreHeadersThanAFrameMayHave(t *testing.T) {
	for _, serializer := range []codec.Serializer{codec.MessagePackSerializer{}, codec.JsonSerializer{}} {
		t.Run(serializer.Name(), func(t *testing.T) {
			opt := handling(greet.Handle(hello))
			opt.Serializer = serializer
			r := rawPeer(t, opt)
			err := r.conn.Invoke(t.Context(), &rpc.Message{Kind: rpc.KindMethod, Type: "m", Headers: manyHeaders(129)}, new(any))
			if !errors.Is(err, rpc.Invalid) || rpc.Delivered(err) != rpc.NotDelivered || !strings.Contains(err.Error(), "129 headers are over the limit of 128") {
				t.Errorf("sent: %v", err)
			}
			f := request(1)
			f.Meta.Headers = manyHeaders(128)
			r.send(f, greetRequest{})
			if got := r.next(); got.Kind != wire.Result {
				t.Errorf("128 headers are answered with %s", got.Kind)
			}
			f.Tx.N, f.Meta.Headers = 2, manyHeaders(129)
			r.send(f, greetRequest{})
			if err := r.over(); !strings.Contains(err.Error(), "129 headers are over the limit of 128: send the rest in the payload") {
				t.Errorf("received: %v", err)
			}
		})
	}
}

func TestAPeerThatBreaksARuleEndsTheConnectionWithASentence(t *testing.T) {
	person := greetRequest{Name: "Ada"}
	for name, c := range map[string]struct {
		breaks func(r *raw)
		want   string
	}{
		"request without a tx":           {func(r *raw) { r.send(request(0), person) }, `a request "greeter.greet" without a tx`},
		"the same tx twice":              {func(r *raw) { r.send(request(5), person); r.send(request(5), person) }, "a second request with tx 5, which is still being handled"},
		"first notice is not 1":          {func(r *raw) { r.send(notice(2), 1) }, "notice 2 where number 1 was due"},
		"a notice again":                 {func(r *raw) { r.send(notice(1), 1); r.send(notice(1), 1) }, "notice 1 where number 2 was due"},
		"a notice with a text as number": {func(r *raw) { r.send(wire.Frame{Kind: wire.Notice, Tx: wire.Tx{S: "1"}, Type: string(wave)}, 1) }, "notice 1 where number 1 was due"},
		"more notices than the window": {func(r *raw) {
			for n := range uint64(1025) {
				r.send(notice(n+1), 1)
			}
		}, "with 1024 of 1024"},
		"more bytes of notices than the window": {func(r *raw) {
			for n := range uint64(4) {
				r.send(wire.Frame{Kind: wire.Notice, Tx: wire.Tx{N: n + 1}, Type: string(story)}, strings.Repeat("x", 6<<20))
			}
		}, "of 16777216 bytes, unacknowledged"},
		"acknowledging what was not sent":            {func(r *raw) { r.send(wire.Frame{Kind: wire.Credit, Meta: wire.Meta{Items: 1}}, nil) }, "1 notices acknowledged, more than are open"},
		"kind 0":                                     {func(r *raw) { r.send(wire.Frame{Kind: 0}, nil) }, "a frame of kind kind0 (0), which this side does not take"},
		"an unknown kind":                            {func(r *raw) { r.send(wire.Frame{Kind: 63}, nil) }, "a frame of kind kind63 (63)"},
		"an upload for a call without streams":       {func(r *raw) { r.send(request(5), person); r.send(of(wire.Upload, 5), 1) }, "a frame of kind upload for call 5, which does not have such a stream"},
		"an upload's end for a call without streams": {func(r *raw) { r.send(request(5), person); r.send(of(wire.UploadEnd, 5), nil) }, "a frame of kind uploadEnd for call 5"},
		"credit for a call without streams":          {func(r *raw) { r.send(request(5), person); r.send(of(wire.Credit, 5), nil) }, "a frame of kind credit for call 5"},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				opt := handling(blocking(t), wave.Handle(func(context.Context, int) error { <-t.Context().Done(); return nil }),
					story.Handle(func(context.Context, string) error { <-t.Context().Done(); return nil }))
				r := rawPeer(t, opt)
				c.breaks(r)
				err := r.over()
				if !errors.Is(err, rpc.Protocol) || !strings.Contains(err.Error(), c.want) {
					t.Fatalf("got %v, expected %s", err, c.want)
				}
				_, err = greet.Call(t.Context(), r.conn, greetRequest{})
				if !errors.Is(err, rpc.Unavailable) || rpc.Delivered(err) != rpc.NotDelivered || !strings.Contains(err.Error(), c.want) {
					t.Fatalf("the next call: %v", err)
				}
			})
		})
	}
}

func TestWhatAPeerMayDoEndsNothing(t *testing.T) {
	for name, send := range map[string]func(r *raw){
		"a kind above 63":                func(r *raw) { r.send(wire.Frame{Kind: 64}, 1); r.send(wire.Frame{Kind: 255, Type: "later"}, nil) },
		"a pong that nobody waits for":   func(r *raw) { r.send(wire.Frame{Kind: wire.Pong, Tx: wire.Tx{N: 1 << 60}}, nil) },
		"a pong of text":                 func(r *raw) { r.send(wire.Frame{Kind: wire.Pong, Tx: wire.Tx{S: "x"}}, nil) },
		"cancel of nothing":              func(r *raw) { r.send(wire.Frame{Kind: wire.Cancel, Tx: wire.Tx{N: 9}}, nil) },
		"credit for a stream that ended": func(r *raw) { r.send(wire.Frame{Kind: wire.Credit, Tx: wire.Tx{N: 9}, Meta: wire.Meta{Items: 5}}, nil) },
		"an upload, an item, and their ends, of calls that are over": func(r *raw) {
			for _, k := range []wire.Kind{wire.Upload, wire.UploadEnd, wire.UploadCredit, wire.Item, wire.End, wire.Progress} {
				r.send(of(k, 9), 1)
			}
		},
		"acknowledging none":                   func(r *raw) { r.send(wire.Frame{Kind: wire.Credit}, nil) },
		"goodbye with a lease below the least": func(r *raw) { r.send(wire.Frame{Kind: wire.Goodbye, Meta: wire.Meta{Lease: -1 << 63}}, nil) },
	} {
		t.Run(name, func(t *testing.T) {
			r := rawPeer(t, rpc.Options{})
			send(r)
			r.alive()
		})
	}
}

func TestWhatIsLoggedOfAPeersTextsIsAbridged(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		log := &complaints{}
		r := rawPeer(t, rpc.Options{Logger: log})
		go io.Copy(io.Discard, r.stream)
		r.send(wire.Frame{Kind: wire.Notice, Tx: wire.Tx{N: 1}, Type: strings.Repeat("x", 1<<20)}, 1)
		synctest.Wait()
		lines := log.lines.Load()
		if lines == nil || len(*lines) != 1 {
			t.Fatalf("logged is %.200q, want one line", lines)
		}
		if line := (*lines)[0]; len(line) > 2*abridge.Most || !strings.Contains(line, " bytes left out)") {
			t.Errorf("%d bytes: %.200s", len(line), line)
		}
	})
}

func TestTheNoticeThatIsBeingHandledCountsInTheWindow(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := rawPeer(t, handling(wave.Handle(func(ctx context.Context, _ int) error { <-ctx.Done(); return nil })))
		go io.Copy(io.Discard, r.stream)
		for n := range uint64(1024) {
			r.send(wire.Frame{Kind: wire.Notice, Tx: wire.Tx{N: n + 1}, Type: string(wave)}, 1)
		}
		synctest.Wait() // the first one is being handled
		if err := r.conn.Err(); err != nil {
			t.Fatalf("after 1,024 notices: %v", err)
		}
		r.send(wire.Frame{Kind: wire.Notice, Tx: wire.Tx{N: 1025}, Type: string(wave)}, 1)
		synctest.Wait()
		if err := r.conn.Err(); !errors.Is(err, rpc.Protocol) || !strings.Contains(err.Error(), "with 1024 of 1024") {
			t.Errorf("after 1,025 notices: %v", err)
		}
	})
}

func TestAReplyToNoCallIsCountedAndDropped(t *testing.T) {
	for _, kind := range []wire.Kind{wire.Result, wire.Error, wire.End} {
		r := rawPeer(t, rpc.Options{})
		r.send(wire.Frame{Kind: kind, Tx: wire.Tx{N: 99}}, "x")
		r.send(wire.Frame{Kind: kind, Tx: wire.Tx{S: "1"}}, "x")
		r.send(wire.Frame{Kind: kind}, nil)
		r.alive()
		if n := r.conn.Stats().DroppedReplies; n != 3 {
			t.Errorf("%s: %d replies were dropped", kind, n)
		}
	}
}

func TestASecondReplyIsDropped(t *testing.T) {
	r := rawPeer(t, rpc.Options{})
	result := make(chan error, 1)
	go func() { _, err := lookup.Call(context.Background(), r.conn, "x"); result <- err }()
	tx := r.next().Tx
	r.send(wire.Frame{Kind: wire.Result, Tx: tx}, 1)
	r.send(wire.Frame{Kind: wire.Error, Tx: tx}, map[string]any{"code": "Denied"})
	r.alive()
	if err := <-result; err != nil || r.conn.Stats().DroppedReplies != 1 {
		t.Errorf("got %v, %+v", err, r.conn.Stats())
	}
}

func TestTheSameTxServesAgainAfterItsAnswer(t *testing.T) {
	r := rawPeer(t, handling(greet.Handle(hello)))
	for range 2000 {
		r.send(wire.Frame{Kind: wire.Request, Tx: wire.Tx{S: "again"}, Type: string(greet)}, greetRequest{})
		if f := r.next(); f.Kind != wire.Result || f.Tx.S != "again" {
			t.Fatalf("got %+v", f)
		}
	}
}

func TestAfterACorruptJSONLineTheConnectionGoesOn(t *testing.T) {
	opt := handling(greet.Handle(hello))
	opt.Serializer = codec.JsonSerializer{}
	r := rawPeer(t, opt)
	r.write([]byte("garbage\n{\"kind\":\"frobnicate\"}\n{\"kind\":\"ping\",\"type\":\"\xff\"}\n\n"))
	r.send(request(1), greetRequest{Name: "Ada"})
	if f := r.next(); f.Kind != wire.Result || f.Tx.N != 1 {
		t.Fatalf("got %+v", f)
	}
	if n := r.conn.Stats().CorruptFrames; n != 3 {
		t.Fatalf("%d corrupt frames were counted", n)
	}
}

func TestACorruptMessagePackFrameEndsTheConnection(t *testing.T) {
	for name, b := range map[string]string{"garbage": "\x00\x00\x00\x03abc", "no bytes": "\x00\x00\x00\x00", "2^32-1 elements": "\x00\x00\x00\x05\xdd\xff\xff\xff\xff"} {
		r := rawPeer(t, rpc.Options{})
		r.write([]byte(b))
		var corrupt *wire.Corrupt
		if err := r.over(); !errors.As(err, &corrupt) {
			t.Errorf("%s: got %v", name, err)
		}
	}
}

func TestAFrameOverTheLimitEndsTheReceiversConnection(t *testing.T) {
	r := rawPeer(t, rpc.Options{MaxFrame: 1000})
	r.write([]byte{0, 0, 3, 233})
	var large *wire.TooLarge
	if err := r.over(); !errors.As(err, &large) || large.Size != 1001 || large.Max != 1000 {
		t.Fatalf("got %v", err)
	}
	if _, err := lookup.Call(t.Context(), r.conn, "x"); !errors.Is(err, rpc.Unavailable) || !strings.Contains(err.Error(), "limits.frame") {
		t.Fatalf("the next call: %v", err)
	}
}
