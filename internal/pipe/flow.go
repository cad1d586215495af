package pipe

import (
	"io"
	"sync"
	"time"
)

// flow is one direction: a ring of bytes with a writing and a reading side.
type flow struct {
	mu           sync.Mutex // guards everything below; held for a copy at the most, never across a wait
	changed      *sync.Cond // broadcast whenever anything below changes that somebody may wait for
	size         int
	ring         []byte // nil until the first write
	start, n     int    // n buffered bytes begin at start
	writing      bool   // a Write is under way; others wait, so that bytes of two do not mix
	writerClosed bool
	readerClosed bool
	readBy       deadline
	writeBy      deadline
}

func newFlow(size int) *flow {
	f := &flow{size: size}
	f.changed = sync.NewCond(&f.mu)
	return f
}

func (f *flow) read(p []byte) (int, error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	for {
		switch {
		case f.readerClosed:
			return 0, errClosed
		case f.readBy.passed:
			return 0, errDeadline
		case len(p) == 0:
			return 0, nil
		case f.n > 0:
			n := f.take(p)
			f.changed.Broadcast()
			return n, nil
		case f.writerClosed:
			return 0, io.EOF
		}
		f.changed.Wait()
	}
}

func (f *flow) write(p []byte) (int, error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	if err := f.waitToWrite(func() bool { return !f.writing }); err != nil {
		return 0, err
	}
	f.writing = true
	defer f.doneWriting()
	done := 0
	for done < len(p) {
		if err := f.waitToWrite(func() bool { return f.n < f.size }); err != nil {
			return done, err
		}
		done += f.put(p[done:])
		f.changed.Broadcast()
	}
	return done, nil
}

func (f *flow) doneWriting() {
	f.writing = false
	f.changed.Broadcast()
}

// waitToWrite returns nil once ready, or why there is no point in waiting. f.mu is held.
func (f *flow) waitToWrite(ready func() bool) error {
	for {
		switch {
		case f.writerClosed:
			return errClosed
		case f.writeBy.passed:
			return errDeadline
		case f.readerClosed:
			return errPeerGone
		case ready():
			return nil
		}
		f.changed.Wait()
	}
}

// take moves buffered bytes to p, and put the other way; both say how many. f.mu is held.
func (f *flow) take(p []byte) int {
	total := 0
	for len(p) > 0 && f.n > 0 {
		n := copy(p, f.ring[f.start:min(f.start+f.n, f.size)])
		f.start, f.n = (f.start+n)%f.size, f.n-n
		p, total = p[n:], total+n
	}
	return total
}

func (f *flow) put(p []byte) int {
	if f.ring == nil {
		f.ring = make([]byte, f.size)
	}
	total := 0
	for len(p) > 0 && f.n < f.size {
		at := (f.start + f.n) % f.size
		n := copy(f.ring[at:min(at+f.size-f.n, f.size)], p)
		f.n, p, total = f.n+n, p[n:], total+n
	}
	return total
}

func (f *flow) closeWriter() {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.writerClosed = true
	f.writeBy.stop()
	f.changed.Broadcast()
}

// closeReader drops what is buffered: nobody will read it.
func (f *flow) closeReader() {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.readerClosed = true
	f.ring, f.start, f.n = nil, 0, 0
	f.readBy.stop()
	f.changed.Broadcast()
}

func (f *flow) readerIsClosed() bool {
	f.mu.Lock()
	defer f.mu.Unlock()
	return f.readerClosed
}

func (f *flow) setReadDeadline(t time.Time) error {
	f.mu.Lock()
	defer f.mu.Unlock()
	if f.readerClosed {
		return errClosed
	}
	f.readBy.set(f, t)
	return nil
}

func (f *flow) setWriteDeadline(t time.Time) {
	f.mu.Lock()
	defer f.mu.Unlock()
	if f.writerClosed {
		return
	}
	f.writeBy.set(f, t)
}
