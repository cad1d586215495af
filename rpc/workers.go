package rpc

import (
	"context"
	"crypto/rand"
	"encoding/hex"
	"fmt"
	"sync"

	"github.com/go-hotplug/hotplug/codec"
	"github.com/go-hotplug/hotplug/internal/wire"
)

// The protocols of Options.
const (
	ProtocolHotplug         = "hotplug/1"
	ProtocolIsolatedWorkers = wire.IsolatedWorkersProtocol // of the TypeScript library: one end calls, the other answers
)

// A profile is the rules that an end of a connection goes by.
type profile uint8

const (
	hotplug   profile = iota
	ofWorkers         // isolated-workers/1: the host's end, which makes every call
	asWorker          // isolated-workers/1: the worker's end, which answers every call
)

// profile is what Protocol and Side say. It panics on a protocol that there is not.
func (o *Options) profile() profile {
	switch {
	case o.Protocol == "" || o.Protocol == ProtocolHotplug:
		return hotplug
	case o.Protocol != ProtocolIsolatedWorkers:
		panic(fmt.Sprintf("rpc: Options.Protocol: expected %q or %q, found %q", ProtocolHotplug, ProtocolIsolatedWorkers, o.Protocol))
	case o.Side == FromPlugin:
		return asWorker
	}
	return ofWorkers
}

// format is how the profile lays out its frames. That of isolated-workers/1 is JSON.
func (o *Options) format(p profile) wire.Format {
	switch p {
	case ofWorkers:
		o.Serializer = codec.JsonSerializer{}
		if o.TxID == nil {
			o.TxID = func(*Message) string { return uuid() }
		}
		return wire.IsolatedWorkers(wire.WorkerHost)
	case asWorker:
		o.Serializer = codec.JsonSerializer{}
		return wire.IsolatedWorkers(wire.Worker)
	}
	return wire.FormatOf(o.Serializer)
}

// uuid returns a random UUID, version 4.
func uuid() string {
	var b [16]byte
	_, _ = rand.Read(b[:]) // never fails
	b[6], b[8] = b[6]&0x0f|0x40, b[8]&0x3f|0x80
	h := hex.EncodeToString(b[:])
	return h[:8] + "-" + h[8:12] + "-" + h[12:16] + "-" + h[16:20] + "-" + h[20:]
}

// checkSend says why isolated-workers/1 has no room for a message from this end.
func (c *Conn) checkSend(m *Message) error {
	if c.profile == asWorker {
		return NotSent(Unimplemented, "%s: the host speaks %s, in which a plugin answers calls and makes none", m.Type, ProtocolIsolatedWorkers)
	}
	if err := wire.CheckWorkerName(m.Type); err != nil {
		return NotSent(Invalid, "%w", err)
	}
	return nil
}

// sendAnswered sends a notice as isolated-workers/1 does: as a request, whose answer is the acknowledgement. The caller has the turn.
func (c *Conn) sendAnswered(ctx context.Context, m *Message) error {
	p := &pending{tx: wire.Tx{S: uuid()}, notice: m.Type, reply: make(chan struct{}, 1)}
	buf, err := c.encode(&wire.Frame{Kind: wire.Notice, Tx: p.tx, Type: m.Type}, m.Payload)
	if err != nil {
		return NotSent(Invalid, "encode %s: %w", m.Type, err)
	}
	if _, err := c.register(ctx, p, m.Type); err != nil {
		buf.Release()
		return err
	}
	c.notices.sent(buf.Len())
	if err := c.out.send(ctx, buf, c.rank(ctx), later); err != nil {
		if c.remove(p) {
			c.notices.unsend()
		}
		if ctx.Err() != nil {
			return windowFull(m.Type, context.Cause(ctx))
		}
		return c.unsent(ctx, m.Type, err)
	}
	return nil
}

// acknowledged is the answer to a notice of sendAnswered. It owns buf.
func (c *Conn) acknowledged(p *pending, f wire.Frame, buf *wire.Buffer) {
	defer buf.Release()
	if f.Kind != wire.Error {
		return
	}
	p.frame = f
	e, err := c.readWorkerError(p.notice, p)
	if err == nil {
		err = e
	}
	c.warn("notice not handled", "message", p.notice, "error", err.Error())
}

// findWorkers finds the handler of a message in isolated-workers/1, in which a notice is sent as a request.
func (m *Mux) findWorkers(name string) (Handler, error) {
	h, ok := m.byName[name]
	if !ok {
		return h, &Error{Code: Unimplemented, NotStarted: true, Name: "Error", Message: unknownType + name}
	}
	if h.use.Kind.streams() {
		return h, &Error{Code: Unimplemented, NotStarted: true, Name: "Error", Message: fmt.Sprintf("message %q is %s, and %s has no streams", name, wire.Article(string(h.use.Kind)), ProtocolIsolatedWorkers)}
	}
	return h, nil
}

// unknownType begins what a worker answers to a message that it has no handler for.
const unknownType = "Unknown message type: "

// isNotice reports whether the handler of a message takes one at a time.
func (m *Mux) isNotice(name string) bool { return m.byName[name].use.Kind == KindNotice }

// A queue runs functions one at a time, in order. Its goroutine lives while there are any; the connection's table of requests bounds them.
type queue struct {
	mu      sync.Mutex // guards all below
	waiting []func()
	running bool
}

func (q *queue) add(f func()) {
	q.mu.Lock()
	defer q.mu.Unlock()
	q.waiting = append(q.waiting, f)
	if !q.running {
		q.running = true
		go q.run()
	}
}

func (q *queue) run() {
	ended := false
	defer func() {
		if !ended { // a handler called runtime.Goexit: those behind it still want their turn
			go q.run()
		}
	}()
	for f := q.take(); f != nil; f = q.take() {
		f()
	}
	ended = true
}

// take returns the oldest; nil ends the goroutine.
func (q *queue) take() func() {
	q.mu.Lock()
	defer q.mu.Unlock()
	if len(q.waiting) == 0 {
		q.waiting, q.running = nil, false
		return nil
	}
	f := q.waiting[0]
	q.waiting[0], q.waiting = nil, q.waiting[1:]
	return f
}
