package rpc

import (
	"context"
	"io"
	"iter"
)

// A Stream is a message with one request and many items in reply.
type Stream[Req, Item any] string

// Open asks p for the items of req, one after the other, as the callee sends them:
//
//	for heading, err := range Outline.Open(ctx, p, req) {
//		if err != nil {
//			return err
//		}
//		// ...
//	}
//
// Nothing is sent before the range begins, and each range opens the stream anew. An error is the last pair. Leaving the loop, or the end of ctx, ends the
// handler's context. The call time-out does not hold for streams: they may stay open as long as ctx lets them. A loop that is slow slows its handler down and nothing else.
func (s Stream[Req, Item]) Open(ctx context.Context, p Peer, req Req) iter.Seq2[Item, error] {
	return func(yield func(Item, error) bool) {
		f, err := p.Open(ctx, &Message{Kind: KindStream, Type: string(s), Payload: req, types: pair[Req, Item]{}})
		if err != nil {
			var none Item
			yield(none, err)
			return
		}
		defer f.Close()
		itemsOf[Item](f.Recv)(yield)
	}
}

// Handle returns a handler that answers this stream with fn, beside other calls. send sends one item; it blocks until the caller has room for it, and
// fails once ctx has ended, as it does when the caller leaves. What fn returns ends the stream; nil is success. One goroutine at a time may call send, and none after fn has returned.
func (s Stream[Req, Item]) Handle(fn func(ctx context.Context, req Req, send func(Item) error) error) Handler {
	needFunc(string(s), fn == nil)
	return Handler{use: s.Use(), run: func(ctx context.Context, in *inbound) (any, error) {
		var req Req
		if err := in.decode(&req); err != nil {
			return nil, err
		}
		return nil, fn(ctx, req, sender[Item](ctx, in))
	}}
}

// Use states that this stream is opened, for the handshake to check.
func (s Stream[Req, Item]) Use() Use { return useOf[Req, Item](string(s), KindStream) }

// An Upload is a message with many items and one reply.
type Upload[Item, Res any] string

// Call sends items to p and returns the reply. It takes the next item when the callee has room for it, and stops early if the callee has
// answered. An error that items yields, or an item that cannot be sent, ends the call and is returned. The call time-out does not hold; ctx does. [slices.Values] and the like make items by way of
// Items.
//
// items runs in a goroutine of its own, so that Call returns though items may be waiting for something. Once the call is over Call waits for items to return, for
// at most 100 ms; one that has not by then is ended the next time that it yields, and must not share what it writes with the caller. A panic of items is one of Call.
func (u Upload[Item, Res]) Call(ctx context.Context, p Peer, items iter.Seq2[Item, error]) (Res, error) {
	var res, none Res
	f, err := p.Open(ctx, &Message{Kind: KindUpload, Type: string(u), types: pair[Item, Res]{}})
	if err != nil {
		return none, err
	}
	defer f.Close()
	sending := send(f, items)
	if err := sending.ended(f.Result(&res)); err != nil {
		return none, err
	}
	return res, nil
}

// sendAll sends items until there are no more or the call is over.
func sendAll[Item any](f Flow, items iter.Seq2[Item, error]) error {
	for item, err := range items {
		if err != nil {
			return err
		}
		err = f.Send(item)
		if err == io.EOF {
			return nil
		}
		if err != nil {
			return err
		}
	}
	return f.CloseSend()
}

// Handle returns a handler that answers this upload with fn, beside other calls. items yields what the caller sends, once; an error is its last pair: the caller gave
// up, or an item does not fit. fn may return before it has seen all of them: the caller then stops.
func (u Upload[Item, Res]) Handle(fn func(ctx context.Context, items iter.Seq2[Item, error]) (Res, error)) Handler {
	needFunc(string(u), fn == nil)
	return Handler{use: u.Use(), run: func(ctx context.Context, in *inbound) (any, error) {
		in.open()
		return fn(ctx, itemsIn[Item](ctx, in))
	}}
}

// Use states that this upload is called, for the handshake to check.
func (u Upload[Item, Res]) Use() Use { return useOf[Item, Res](string(u), KindUpload) }

// Items makes an iterator without errors one that Upload.Call takes.
func Items[Item any](items iter.Seq[Item]) iter.Seq2[Item, error] {
	return func(yield func(Item, error) bool) {
		for item := range items {
			if !yield(item, nil) {
				return
			}
		}
	}
}

// A Duplex is a message with many items both ways.
type Duplex[In, Out any] string

// Open begins the call. The Exchange must be closed; it ends with ctx, too. The call time-out does not hold.
func (d Duplex[In, Out]) Open(ctx context.Context, p Peer) (*Exchange[In, Out], error) {
	f, err := p.Open(ctx, &Message{Kind: KindDuplex, Type: string(d), types: pair[In, Out]{}})
	if err != nil {
		return nil, err
	}
	return &Exchange[In, Out]{f}, nil
}

// Handle returns a handler that answers this duplex with fn, beside other calls. items yields what the caller sends, as for an Upload, and send sends
// an item back, as for a Stream. They may be used by two goroutines. What fn returns ends the call.
func (d Duplex[In, Out]) Handle(fn func(ctx context.Context, items iter.Seq2[In, error], send func(Out) error) error) Handler {
	needFunc(string(d), fn == nil)
	return Handler{use: d.Use(), run: func(ctx context.Context, in *inbound) (any, error) {
		in.open()
		return nil, fn(ctx, itemsIn[In](ctx, in), sender[Out](ctx, in))
	}}
}

// Use states that this duplex is opened, for the handshake to check.
func (d Duplex[In, Out]) Use() Use { return useOf[In, Out](string(d), KindDuplex) }

// An Exchange is an open Duplex, at its caller. One goroutine may send while another receives.
type Exchange[In, Out any] struct{ f Flow }

// Send sends an item. It blocks until the callee has room for it. Once the call is over it returns its error, or io.EOF if it has none.
func (e *Exchange[In, Out]) Send(item In) error { return e.f.Send(item) }

// CloseSend says that no more items follow: a Send behind it fails. The callee may go on sending. Saying it twice is no error.
func (e *Exchange[In, Out]) CloseSend() error { return e.f.CloseSend() }

// Items yields what the callee sends. An error is its last pair. Leaving the loop does not end the call: Close does.
func (e *Exchange[In, Out]) Items() iter.Seq2[Out, error] { return itemsOf[Out](e.f.Recv) }

// Close ends the call, if it is not over, and frees what it holds. It does not wait for the handler.
func (e *Exchange[In, Out]) Close() { e.f.Close() }

func needFunc(name string, missing bool) {
	if missing {
		panic("rpc: nil handler for " + name)
	}
}
