package wire

import (
	"bufio"
	"bytes"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"math/bits"
	"sync"

	"github.com/go-hotplug/hotplug/internal/sock"
)

// A Reader reads handshake lines and then frames from a stream. It is not safe for concurrent use.
type Reader struct {
	br   *bufio.Reader
	term []byte // nil: length prefix
	crlf bool   // a CR before the terminator is not part of the frame
	max  int    // bytes of a frame

	part *Buffer // what is there of a frame whose end is not; nil: none has begun
	need int     // with a length prefix: bytes of that frame
}

// NewReader returns a Reader of r. Until SetFraming is called only Line may be used.
func NewReader(r io.Reader) *Reader {
	return &Reader{br: bufio.NewReaderSize(sock.NewReader(r), 16<<10)}
}

// SetFraming says how frames end and how large one may be.
func (r *Reader) SetFraming(f Format, max int) {
	r.term, r.max = f.Terminator(), max
	switch f.(type) {
	case jsonFormat, workerFormat: // the last byte of another serializer may well be a CR
		r.crlf = true
	default:
		r.crlf = false
	}
}

// A Buffer holds the bytes of one frame. Release gives it back to be used again.
type Buffer struct {
	B    []byte
	Tail []byte // the rest of the frame, if whoever sends it has lent it: nothing may look at it once that one goes on. See Own
	read bool   // of a Reader
}

// Len is how many bytes the frame has.
func (b *Buffer) Len() int { return len(b.B) + len(b.Tail) }

// Own copies what was lent.
func (b *Buffer) Own() {
	if b.Tail == nil {
		return
	}
	large := NewBufferFor(b.Len())
	whole := append(append(large.B[:0], b.B...), b.Tail...)
	b.B, large.B, b.Tail = whole, b.B, nil
	large.Release()
}

// Large buffers are kept apart, so that a large frame finds one and a small one takes none away; so are those of a Reader, which TakeBytes gives away, and of
// which each power of two has its own: who keeps a frame for long copies it out of a buffer that is much larger.
var (
	buffers, largeBuffers = newBuffers(), newBuffers()
	arrivedBuffers        = func() (all [bits.UintSize]*sync.Pool) {
		for i := range all {
			all[i] = newBuffers()
		}
		return all
	}()
)

func newBuffers() *sync.Pool { return &sync.Pool{New: func() any { return new(Buffer) }} }

// arrived is the pool of a Reader's buffers of that many bytes.
func arrived(size int) *sync.Pool { return arrivedBuffers[bits.Len(uint(size-1))] }

const (
	largeBuffer = 32 << 10 // the capacity in bytes from which on a buffer is large
	keepBuffer  = 2 << 20  // the capacity in bytes up to which a buffer is kept for reuse
)

// NewBuffer returns an empty buffer from the pool.
func NewBuffer() *Buffer { return buffers.Get().(*Buffer) }

// NewBufferFor returns an empty buffer from the pool, in which size bytes are likely to have room.
func NewBufferFor(size int) *Buffer {
	if size < largeBuffer {
		return NewBuffer()
	}
	return largeBuffers.Get().(*Buffer)
}

// arrivingBuffer is NewBufferFor for a Reader.
func arrivingBuffer(size int) *Buffer {
	if size < largeBuffer {
		return NewBuffer()
	}
	b := arrived(size).Get().(*Buffer)
	b.read = true
	return b
}

// Release gives the buffer back. Nothing that aliases it may be used afterwards.
func (b *Buffer) Release() {
	size := cap(b.B)
	b.B, b.Tail = b.B[:0], nil
	switch {
	case size < largeBuffer:
		buffers.Put(b)
	case size > keepBuffer:
	case b.read:
		arrived(size).Put(b)
	default:
		largeBuffers.Put(b)
	}
}

// roomy is how many bytes a buffer may have beyond twice what is in it, and still be one that fits.
const roomy = 4 << 10

// Fitting returns the buffer, or, if it is much larger than what is in it, a copy: a small frame may have arrived in the buffer of a large one.
func (b *Buffer) Fitting() *Buffer {
	if cap(b.B) <= 2*len(b.B)+roomy {
		return b
	}
	return &Buffer{B: bytes.Clone(b.B)}
}

// Line reads one line of at most max bytes, without its newline. The result is the caller's.
func (r *Reader) Line(max int) ([]byte, error) {
	line, err := r.until([]byte{'\n'}, max, nil)
	if err != nil {
		return nil, err
	}
	return line, nil
}

// Wait blocks until there is something to read.
func (r *Reader) Wait() error {
	_, err := r.br.Peek(1)
	return err
}

// Frame reads the next frame, without its length prefix or terminator. A stream that ends between two frames
// gives io.EOF, one that ends inside a frame io.ErrUnexpectedEOF. Empty terminated frames are skipped. After os.ErrDeadlineExceeded the next Frame
// goes on where this one stopped.
func (r *Reader) Frame() (*Buffer, error) {
	read := r.terminated
	if r.term == nil {
		read = r.prefixed
	}
	if err := read(); err != nil {
		return nil, err
	}
	buf := r.part
	r.part = nil
	return buf, nil
}

// Ready reports whether a whole frame has been read from the stream, so that Frame does not wait.
func (r *Reader) Ready() bool {
	there, _ := r.br.Peek(r.br.Buffered())
	switch {
	case r.term != nil:
		return r.holdsLine(there)
	case r.part != nil:
		return len(there) >= r.need-len(r.part.B)
	}
	return len(there) >= prefixLen && uint64(len(there)-prefixLen) >= uint64(binary.BigEndian.Uint32(there))
}

// holdsLine reports whether what is there, behind part, has a terminated frame that Frame does not skip.
func (r *Reader) holdsLine(there []byte) bool {
	var begun []byte
	if r.part != nil {
		begun = r.part.B
	}
	for {
		line, rest, found := bytes.Cut(there, r.term)
		if !found {
			return false
		}
		if n := len(begun) + len(line); n > 1 || n == 1 && !(r.crlf && (bytes.Equal(begun, cr) || bytes.Equal(line, cr))) {
			return true
		}
		begun, there = nil, rest
	}
}

var cr = []byte{'\r'}

// Buffered is how many bytes have been read from the stream and not asked for yet.
func (r *Reader) Buffered() int { return r.br.Buffered() }

// terminated completes part.
func (r *Reader) terminated() (err error) {
	if r.part == nil {
		r.part = NewBuffer()
	}
	for {
		if r.part.B, err = r.until(r.term, r.max, r.part.B); err != nil {
			return err
		}
		if r.crlf {
			r.part.B = bytes.TrimSuffix(r.part.B, cr)
		}
		if len(r.part.B) > 0 {
			return nil
		}
	}
}

// until reads up to and including term and returns what came before it, behind dst.
func (r *Reader) until(term []byte, max int, dst []byte) ([]byte, error) {
	last := term[len(term)-1]
	for {
		part, err := r.br.ReadSlice(last)
		dst = append(dst, part...)
		if bytes.HasSuffix(dst, term) {
			if n := len(dst) - len(term); n > max {
				return dst, &TooLarge{Size: n, Max: max}
			}
			return dst[:len(dst)-len(term)], nil
		}
		if len(dst) > max+len(term) {
			return dst, &TooLarge{Size: len(dst), Max: max}
		}
		if err != nil && !errors.Is(err, bufio.ErrBufferFull) {
			if err == io.EOF && len(dst) > 0 {
				err = io.ErrUnexpectedEOF
			}
			return dst, err
		}
	}
}

// step is how much of an announced frame is allocated at once: a peer that announces and sends nothing costs this much.
const step = 80 << 10

// growth is how many times as much is allocated next as has arrived.
const growth = 15

// prefixed completes part.
func (r *Reader) prefixed() error {
	if r.part == nil {
		if err := r.begin(); err != nil {
			return err
		}
	}
	dst := r.part.B
	for len(dst) < r.need {
		want := min(r.need-len(dst), max(step, cap(dst)-len(dst), growth*len(dst)))
		dst = grow(dst, want)
		got, err := io.ReadFull(r.br, dst[len(dst):len(dst)+want])
		dst = dst[:len(dst)+got]
		r.part.B = dst
		if err != nil {
			return fmt.Errorf("after %d of %d bytes of a frame: %w", len(dst), r.need, noEOF(err))
		}
	}
	return nil
}

// begin reads a length prefix.
func (r *Reader) begin() error {
	prefix, err := r.br.Peek(prefixLen)
	if err == io.EOF && len(prefix) > 0 {
		return io.ErrUnexpectedEOF
	}
	if err != nil {
		return err
	}
	size := binary.BigEndian.Uint32(prefix)
	if uint64(size) > uint64(r.max) {
		return &TooLarge{Size: int(size), Max: r.max}
	}
	if size == 0 {
		return corrupt("a frame of 0 bytes")
	}
	_, _ = r.br.Discard(prefixLen) // they are there
	r.part, r.need = arrivingBuffer(int(size)), int(size)
	return nil
}

func grow(b []byte, n int) []byte {
	if cap(b)-len(b) >= n {
		return b
	}
	bigger := make([]byte, len(b), len(b)+n)
	copy(bigger, b)
	return bigger
}

func noEOF(err error) error {
	if err == io.EOF {
		return io.ErrUnexpectedEOF
	}
	return err
}
