package wire

import (
	"bufio"
	"bytes"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"sync"
)

// A Reader reads handshake lines and then frames from a stream. It is not safe for concurrent use.
type Reader struct {
	br   *bufio.Reader
	term []byte // nil: length prefix
	crlf bool   // a CR before the terminator is not part of the frame
	max  int    // bytes of a frame
}

// NewReader returns a Reader of r. Until SetFraming is called only Line may be used.
func NewReader(r io.Reader) *Reader { return &Reader{br: bufio.NewReaderSize(r, 16<<10)} }

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
type Buffer struct{ B []byte }

var buffers = sync.Pool{New: func() any { return new(Buffer) }}

// keepBuffer is the capacity in bytes up to which a buffer is kept for reuse.
const keepBuffer = 1 << 20

// NewBuffer returns an empty buffer from the pool.
func NewBuffer() *Buffer { return buffers.Get().(*Buffer) }

// Release gives the buffer back. Nothing that aliases it may be used afterwards.
func (b *Buffer) Release() {
	if cap(b.B) <= keepBuffer {
		b.B = b.B[:0]
		buffers.Put(b)
	}
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
// gives io.EOF, one that ends inside a frame io.ErrUnexpectedEOF. Empty terminated frames are skipped.
func (r *Reader) Frame() (*Buffer, error) {
	buf := NewBuffer()
	var err error
	if r.term == nil {
		buf.B, err = r.prefixed(buf.B[:0])
	} else {
		buf.B, err = r.terminated(buf.B[:0])
	}
	if err != nil {
		buf.Release()
		return nil, err
	}
	return buf, nil
}

// Buffered is how many bytes have been read from the stream and not asked for yet.
func (r *Reader) Buffered() int { return r.br.Buffered() }

func (r *Reader) terminated(dst []byte) ([]byte, error) {
	for {
		b, err := r.until(r.term, r.max, dst[:0])
		if err != nil {
			return dst, err
		}
		if r.crlf {
			b = bytes.TrimSuffix(b, []byte{'\r'})
		}
		if len(b) > 0 {
			return b, nil
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
const step = 64 << 10

func (r *Reader) prefixed(dst []byte) ([]byte, error) {
	var prefix [prefixLen]byte
	if _, err := io.ReadFull(r.br, prefix[:]); err != nil {
		return dst, err
	}
	size := binary.BigEndian.Uint32(prefix[:])
	if uint64(size) > uint64(r.max) {
		return dst, &TooLarge{Size: int(size), Max: r.max}
	}
	n := int(size)
	if n == 0 {
		return dst, corrupt("a frame of 0 bytes")
	}
	for len(dst) < n {
		want := min(n-len(dst), max(step, len(dst)))
		dst = grow(dst, want)
		got, err := io.ReadFull(r.br, dst[len(dst):len(dst)+want])
		dst = dst[:len(dst)+got]
		if err != nil {
			return dst, fmt.Errorf("after %d of %d bytes of a frame: %w", len(dst), n, noEOF(err))
		}
	}
	return dst, nil
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
