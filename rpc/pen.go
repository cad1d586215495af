package rpc

import (
	"net"

	"github.com/go-hotplug/hotplug/internal/sock"
	"github.com/go-hotplug/hotplug/internal/wire"
)

// batch is how many bytes of small frames are written at once, in bytes.
const batch = 64 << 10

// A pen writes the frames that were taken out of an outbox. One goroutine at a time has it.
type pen struct {
	stream net.Conn
	direct *direct // writes without waiting; nil: the stream cannot

	taken   []entry
	at      int          // of taken, the next to be written
	chunk   []byte       // what is being written
	tail    []byte       // and behind it, until try returns
	held    *wire.Buffer // of which chunk is a part; nil: chunk is of scratch
	scratch []byte       // small frames, one behind the other
	err     error        // of the stream: nothing is written any more
}

func newPen(stream net.Conn) pen { return pen{stream: stream, direct: newDirect(stream)} }

// tries reports whether the pen can write without waiting.
func (p *pen) tries() bool { return p.direct != nil }

// take replaces what was taken, all of which is written, and returns its empty slice.
func (p *pen) take(queue []entry) (spare []entry) {
	spare, p.taken, p.at = p.taken[:0], queue, 0
	return spare
}

func (p *pen) add(e entry) { p.taken = append(p.taken, e) }

// try writes what can be written without waiting. false: something is left, or the stream has failed.
func (p *pen) try() bool {
	for len(p.chunk) > 0 || p.fill() {
		n, err := p.direct.write(p.chunk, p.tail)
		p.advance(n)
		if err != nil || len(p.chunk) > 0 {
			p.err = err
			return false
		}
	}
	return true
}

// advance takes note of n bytes that were written. What is left of a tail is copied: it is its sender's.
func (p *pen) advance(n int) {
	k := min(n, len(p.chunk))
	p.chunk, p.tail = p.chunk[k:], p.tail[n-k:]
	if len(p.tail) == 0 {
		p.tail = nil
		return
	}
	rest := wire.NewBufferFor(len(p.chunk) + len(p.tail))
	rest.B = append(append(rest.B[:0], p.chunk...), p.tail...)
	p.held.Release()
	p.chunk, p.held, p.tail = rest.B, rest, nil
}

// gathers reports whether the pen writes frames with a tail.
func (p *pen) gathers() bool { return p.direct != nil && sock.Gathers }

// finish writes all there is.
func (p *pen) finish() error {
	for p.err == nil && (len(p.chunk) > 0 || p.fill()) {
		var n int
		n, p.err = p.stream.Write(p.chunk)
		p.chunk = p.chunk[n:]
	}
	return p.err
}

// fill puts the next frame into chunk, or the next ones if they are small. false: there are none.
func (p *pen) fill() bool {
	if p.held != nil {
		p.held.Release()
		p.held = nil
	}
	p.scratch = p.scratch[:0]
	for p.at < len(p.taken) {
		e := p.taken[p.at]
		alone := e.buf.Len() >= batch/2 || p.at == len(p.taken)-1
		if len(p.scratch) > 0 && (e.buf.Len() >= batch/2 || len(p.scratch)+len(e.buf.B) > batch) {
			break
		}
		p.taken[p.at] = entry{}
		p.at++
		switch {
		case !e.hand():
			e.buf.Release()
		case alone && len(p.scratch) == 0:
			p.chunk, p.tail, p.held = e.buf.B, e.buf.Tail, e.buf
			return true
		default:
			p.scratch = append(p.scratch, e.buf.B...)
			e.buf.Release()
		}
	}
	p.chunk = p.scratch
	return len(p.chunk) > 0
}
