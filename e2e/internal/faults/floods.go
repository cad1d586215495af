package faults

import (
	"bytes"
	"math/rand/v2"
	"time"

	"github.com/go-hotplug/hotplug/internal/wire"
)

// rest is how long a row looks on that waits for nothing but the other side's memory to grow.
const rest = 300 * time.Millisecond

func pause() { time.Sleep(rest) }

// unsolicited is a million.
const unsolicited = 1_000_000

// floods are frames that cost little each.
func floods() []Fault {
	many := func(n int, frames ...wire.Frame) func(*Peer, int) {
		return func(p *Peer, _ int) {
			var batch []byte
			for _, f := range frames {
				batch = append(batch, p.frame(f, nil)...)
			}
			batch = bytes.Repeat(batch, 1000)
			for range n / 1000 / len(frames) {
				p.Write(batch)
			}
		}
	}
	tx := wire.Tx{N: 1 << 50}
	return []Fault{
		{Name: "a million frames that nobody asked for", Inject: many(unsolicited,
			wire.Frame{Kind: wire.Result, Tx: tx}, wire.Frame{Kind: wire.Cancel, Tx: tx}, wire.Frame{Kind: wire.Item, Tx: tx}, wire.Frame{Kind: wire.Progress, Tx: tx},
			wire.Frame{Kind: wire.UploadCredit, Tx: tx, Meta: wire.Meta{Items: 1}}, wire.Frame{Kind: wire.Pong, Tx: tx}, wire.Frame{Kind: wire.FirstIgnorable, Tx: tx}, wire.Frame{Kind: wire.Credit})},
		{Name: "a million pings, and no pong is read", Inject: many(unsolicited, wire.Frame{Kind: wire.Ping, Tx: tx})},
	}
}

// cuts are conversations that end too early, or arrive changed.
func cuts(seed uint64) []Fault {
	text := conversation()
	return []Fault{
		{Name: "a conversation that is cut off behind each of its bytes", Closes: true, Turns: len(text), Inject: func(p *Peer, turn int) {
			p.Write(text[:turn])
			p.close()
		}},
		{Name: "conversations of every kind, left behind each of their frames", Closes: true, Turns: talks, Inject: func(p *Peer, turn int) {
			p.room = turn
			for {
				p.talk()
			}
		}},
		{Name: "a conversation with one bit the other way round", Closes: true, Turns: 64, Inject: func(p *Peer, turn int) {
			changed, chance := bytes.Clone(text), rand.New(rand.NewPCG(seed, uint64(turn)))
			bit := chance.IntN(8 * len(changed))
			changed[bit/8] ^= 1 << (bit % 8)
			p.Write(changed)
			p.close()
		}},
	}
}

// conversation is one frame of each kind that a peer may begin with.
func conversation() []byte {
	p := NewPeer(&wire.Stream{Reader: wire.NewReader(nil)}, "MessagePackSerializer", wire.Limits{}.WithDefaults())
	one, two, three := wire.Tx{N: 1}, wire.Tx{N: 2}, wire.Tx{S: "three"}
	return bytes.Join([][]byte{
		p.frame(wire.Frame{Kind: wire.Request, Tx: one, Type: string(Wait), Meta: wire.Meta{Headers: map[string]string{"h": "v"}}}, []any{"a", 1}),
		p.frame(wire.Frame{Kind: wire.Request, Tx: two, Type: string(Items), Meta: opens(stream, 4, 9999)}, int64(3)),
		p.frame(wire.Frame{Kind: wire.Credit, Tx: two, Meta: wire.Meta{Items: 1, Bytes: 1}}, nil),
		p.frame(wire.Frame{Kind: wire.Request, Tx: three, Type: string(Collect), Meta: opens(upload, 0, 0)}, nil),
		p.frame(wire.Frame{Kind: wire.UploadEnd, Tx: three}, nil),
		p.frame(wire.Frame{Kind: wire.Notice, Tx: one, Type: string(Note)}, true),
		p.frame(wire.Frame{Kind: wire.Cancel, Tx: one}, nil),
		p.frame(wire.Frame{Kind: wire.Ping, Tx: one}, nil),
	}, nil)
}

// talks is how many frames talk sends and receives.
const talks = 26

// talk is a conversation of every kind, in both directions, as it should be.
func (p *Peer) talk() {
	p.call(string(Echo), wire.Meta{}, "x")
	p.await(wire.Result)
	p.call(string(Items), opens(stream, 2, 1<<20), int64(2))
	p.await(wire.End)
	tx := p.call(string(Talk), opens(duplex, 10, 1<<20), nil)
	p.await(wire.UploadCredit)
	p.item(wire.Upload, tx, 1)
	p.await(wire.Item)
	p.Send(wire.Frame{Kind: wire.UploadEnd, Tx: tx}, nil)
	p.await(wire.End)
	p.Send(wire.Frame{Kind: wire.Result, Tx: p.provoke(plain).Tx}, nil)
	p.await(wire.Result)
	tx = p.provoke(upload).Tx
	p.Send(wire.Frame{Kind: wire.UploadCredit, Tx: tx, Meta: wire.Meta{Items: 1, Bytes: 1}}, nil)
	p.await(wire.Upload)
	p.Send(wire.Frame{Kind: wire.Result, Tx: tx}, nil)
	p.await(wire.Result)
	p.item(wire.Item, p.provoke(stream).Tx, 1)
	p.noticed()
}
