package faults

import (
	"fmt"

	"github.com/go-hotplug/hotplug/internal/wire"
)

// opens is the meta of a call with streams.
func opens(kind string, items, bytes uint64) wire.Meta {
	return wire.Meta{Opens: kind, Items: items, Bytes: bytes}
}

// item is a frame with an item of a call that was made here, or, of the kind Item, at the other side.
func (p *Peer) item(kind wire.Kind, tx wire.Tx, size int) {
	p.Send(wire.Frame{Kind: kind, Tx: tx}, make([]byte, size))
}

// streams are wrong items, ends and credits.
func streams(l wire.Limits) []Fault {
	noCredit := fmt.Sprintf("an item without credit: at most %d items and %d bytes", l.StreamItems, l.StreamBytes)
	flood := func(p *Peer, kind wire.Kind, tx wire.Tx, size int) {
		for {
			p.item(kind, tx, size)
		}
	}
	return []Fault{
		{Name: "items beyond the credit", Ends: []string{noCredit}, Turns: 2, Inject: func(p *Peer, turn int) {
			flood(p, wire.Item, p.provoke(stream).Tx, []int{1, l.Frame - 100}[turn])
		}},
		{Name: "uploads beyond the credit", Ends: []string{noCredit}, Turns: 2, Inject: func(p *Peer, turn int) {
			tx := p.call(string(Hold), opens(upload, 0, 0), nil)
			p.await(wire.UploadCredit)
			flood(p, wire.Upload, tx, []int{1, l.Frame - 100}[turn])
		}},
		{Name: "an item behind the end", Ends: []string{"an item behind its end"}, Inject: func(p *Peer, _ int) {
			tx := p.call(string(Hold), opens(upload, 0, 0), nil)
			p.await(wire.UploadCredit)
			p.Send(wire.Frame{Kind: wire.UploadEnd, Tx: tx}, nil)
			p.item(wire.Upload, tx, 1)
		}},
		{Name: "a second end", Ends: []string{"a second end"}, Inject: func(p *Peer, _ int) {
			tx := p.call(string(Hold), opens(upload, 0, 0), nil)
			p.await(wire.UploadCredit)
			p.Send(wire.Frame{Kind: wire.UploadEnd, Tx: tx}, nil)
			p.Send(wire.Frame{Kind: wire.UploadEnd, Tx: tx}, nil)
		}},
		{Name: "a result for a stream, and an end for an upload", Ends: []string{"a frame of kind result", "a frame of kind end"}, Inject: func(p *Peer, turn int) {
			how, kind := []string{stream, upload}[turn], []wire.Kind{wire.Result, wire.End}[turn]
			p.Send(wire.Frame{Kind: kind, Tx: p.provoke(how).Tx}, nil)
		}},
		{Name: "items and results behind the end of a stream of the other side", Inject: func(p *Peer, _ int) {
			tx := p.provoke(stream).Tx
			p.Send(wire.Frame{Kind: wire.End, Tx: tx}, nil)
			p.item(wire.Item, tx, 1)
			p.Send(wire.Frame{Kind: wire.End, Tx: tx}, nil)
			p.Send(wire.Frame{Kind: wire.Result, Tx: tx}, nil)
		}},
		{Name: "a credit of 2^63: with the request, later, for an upload", Turns: 3, Ends: []string{"which makes more than 9007199254740991"}, Inject: func(p *Peer, turn int) {
			switch turn {
			case 0:
				p.call(string(Items), opens(stream, 1<<63, 1), int64(1))
			case 1:
				tx := p.call(string(Items), opens(stream, 1, 1<<20), int64(1000))
				p.Send(wire.Frame{Kind: wire.Credit, Tx: tx, Meta: wire.Meta{Bytes: 1 << 63}}, nil)
			default:
				p.Send(wire.Frame{Kind: wire.UploadCredit, Tx: p.provoke(upload).Tx, Meta: wire.Meta{Items: 1 << 63}}, nil)
			}
		}},
	}
}

// fullStreams are streams at their limits, and beyond.
func fullStreams(l wire.Limits) []Fault {
	tooMany := fmt.Sprintf("%d streams in flight, four times the limit of %d (limits.streams)", 4*l.Streams, l.Streams)
	return []Fault{
		{Name: "all the credit there can be, and nothing is read", Closes: true, Inject: func(p *Peer, _ int) {
			for range l.Streams {
				p.Send(wire.Frame{Kind: wire.UploadCredit, Tx: p.provoke(upload).Tx, Meta: wire.Meta{Items: 1<<53 - 1, Bytes: 1<<53 - 1}}, nil)
			}
			pause()
			p.close()
		}},
		{Name: "more streams than may be open", Ends: []string{tooMany}, Inject: func(p *Peer, _ int) {
			for {
				p.call(string(Hold), wire.Meta{Opens: upload, Headers: map[string]string{"h": string(make([]byte, 1000))}}, nil)
			}
		}},
		{Name: "every stream filled to its window", Closes: true, Inject: func(p *Peer, _ int) {
			p.fillStreams()
			pause()
			p.close()
		}},
		{Name: "all that may wait, at once: calls, answers, items, notices", Closes: true, Inject: func(p *Peer, _ int) {
			big := make([]byte, l.Frame-100)
			p.fillStreams() // by calls, which take half of their limit
			for range l.Inflight - l.Streams {
				p.call(string(Wait), wire.Meta{}, big)
			}
			for n := range uint64(noticeBytes/l.Frame) + 1 {
				p.Send(wire.Frame{Kind: wire.Notice, Tx: wire.Tx{N: n + 1}, Type: string(Slow)}, big)
			}
			pause()
			p.close()
		}},
	}
}

// fillStreams fills every stream that may be open, in both directions.
func (p *Peer) fillStreams() {
	for range p.Limits.Streams {
		tx := p.call(string(Hold), opens(upload, 0, 0), nil)
		p.await(wire.UploadCredit)
		p.fill(wire.Upload, tx)
	}
	for range p.Limits.Streams {
		p.fill(wire.Item, p.provoke(stream).Tx)
	}
}

// fill sends as much as a stream's window lets through: the last item is as large as a frame, and each small one comes behind a larger frame that nobody
// wants, whose buffer it may find.
func (p *Peer) fill(kind wire.Kind, tx wire.Tx) {
	for range p.Limits.StreamItems - 2 {
		p.item(wire.FirstIgnorable, tx, 31<<10)
		p.item(kind, tx, 1)
	}
	p.item(kind, tx, p.Limits.Frame-100)
}
