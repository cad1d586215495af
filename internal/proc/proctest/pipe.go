package proctest

import (
	"io"
	"os"
	"sync"
)

// capacity is a Linux pipe's.
const capacity = 64 << 10

// pipe is an in-memory pipe with a buffer: like the kernel's, and unlike io.Pipe, a small write does not
// wait for a reader.
type pipe struct {
	mu      sync.Mutex // guards the fields below
	changed sync.Cond
	buf     []byte
	ended   bool // no more will be written
	closed  bool // no more will be read
}

func newPipe() *pipe {
	p := &pipe{}
	p.changed.L = &p.mu
	return p
}

func (p *pipe) Write(b []byte) (n int, err error) {
	p.mu.Lock()
	defer p.mu.Unlock()
	for len(b) > 0 {
		for len(p.buf) == capacity && !p.ended && !p.closed {
			p.changed.Wait()
		}
		if p.ended || p.closed {
			return n, io.ErrClosedPipe
		}
		m := min(len(b), capacity-len(p.buf))
		p.buf = append(p.buf, b[:m]...)
		b, n = b[m:], n+m
		p.changed.Broadcast()
	}
	return n, nil
}

func (p *pipe) Read(b []byte) (int, error) {
	p.mu.Lock()
	defer p.mu.Unlock()
	for len(p.buf) == 0 && !p.ended && !p.closed {
		p.changed.Wait()
	}
	switch {
	case p.closed:
		return 0, os.ErrClosed
	case len(p.buf) == 0:
		return 0, io.EOF
	}
	n := copy(b, p.buf)
	p.buf = append(p.buf[:0], p.buf[n:]...)
	p.changed.Broadcast()
	return n, nil
}

// closeWrite is the writer's end: what is buffered can still be read.
func (p *pipe) closeWrite() {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.ended = true
	p.changed.Broadcast()
}

// Close is the reader's end.
func (p *pipe) Close() error {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.closed = true
	p.changed.Broadcast()
	return nil
}
