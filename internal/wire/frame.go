package wire

import (
	"fmt"
	"math"
	"strconv"

	"github.com/go-hotplug/hotplug/codec"
)

// A Tx names a call within its caller's connection: a number from the default generator, or a string
// from a user's. The zero Tx names no call.
type Tx struct {
	N uint64
	S string // takes precedence over N if not empty
}

// IsZero reports whether t names no call.
func (t Tx) IsZero() bool { return t == Tx{} }

// String is t as text: a number in decimal, a string as it is.
func (t Tx) String() string {
	if t.S != "" {
		return t.S
	}
	return strconv.FormatUint(t.N, 10)
}

// Meta is what a frame says beside its payload. Its zero value is not sent.
type Meta struct {
	Deadline int64             `json:"deadline,omitempty"` // request: milliseconds that remain to the caller; 0: none
	Opens    string            `json:"opens,omitempty"`    // request: "stream", "upload" or "duplex"; empty: one reply
	Progress bool              `json:"progress,omitempty"` // request: the caller wants to see progress
	Items    uint64            `json:"items,omitempty"`    // request, credit, uploadCredit: items that may be sent
	Bytes    uint64            `json:"bytes,omitempty"`    // request, credit, uploadCredit: bytes of frames with items
	Lease    int64             `json:"lease,omitempty"`    // goodbye with then "park": milliseconds
	Then     string            `json:"then,omitempty"`     // goodbye: "stop" or "park"
	Headers  map[string]string `json:"headers,omitempty"`  // request, notice: trace context and what middleware adds
}

// MaxHeaders is how many headers a frame may have: each costs its reader much more than the bytes that it takes on the wire.
const MaxHeaders = 128

// CheckHeaders says that there are too many of them.
func CheckHeaders(n int) error {
	if n <= MaxHeaders {
		return nil
	}
	return fmt.Errorf("%d headers are over the limit of %d: send the rest in the payload", n, MaxHeaders)
}

func (m *Meta) isZero() bool {
	return m.Deadline == 0 && m.Opens == "" && !m.Progress && m.Items == 0 && m.Bytes == 0 && m.Lease == 0 && m.Then == "" && len(m.Headers) == 0
}

// A Frame is one message on the wire.
type Frame struct {
	Kind    Kind
	Tx      Tx
	Type    string // the message's name: requests and notices
	Answers string // result, error: the name of the message that is answered; only IsolatedWorkers sends it
	Meta    Meta
	Payload []byte // as encoded by the serializer; nil if there is none. After Decode it aliases the frame's bytes
}

// A Format lays frames out for one serializer. It is safe for concurrent use.
type Format interface {
	// Append encodes f with payload (nil: none) behind dst as one complete frame, length prefix or
	// terminator included. f.Payload is ignored. On an error dst is returned with its original length. A
	// frame of more than max bytes gives a *TooLarge.
	Append(dst []byte, f *Frame, payload any, max int) ([]byte, error)

	// Decode reads the envelope of one frame, without its length prefix or terminator.
	Decode(frame []byte) (Frame, error)

	// DecodePayload decodes the payload of a frame that Decode returned into v, a non-nil pointer. A frame
	// without a payload leaves v as it is.
	DecodePayload(f *Frame, v any) error

	// Terminator ends a frame; nil: frames are length-prefixed.
	Terminator() []byte
}

// Overhead is how many bytes of a frame are its length prefix or terminator.
func Overhead(f Format) int {
	if t := f.Terminator(); t != nil {
		return len(t)
	}
	return prefixLen
}

// FormatOf returns the layout of frames for s.
func FormatOf(s codec.Serializer) Format {
	switch s.(type) {
	case codec.MessagePackSerializer:
		return packFormat{s: s}
	case codec.JsonSerializer:
		return jsonFormat{s}
	}
	return userFormat{s}
}

// WithNames returns f, which is likely to decode frames with these names.
func WithNames(f Format, names []string) Format {
	p, ok := f.(packFormat)
	if !ok {
		return f
	}
	p.names = make(map[string]string, len(names))
	for _, n := range names {
		p.names[n] = n
	}
	return p
}

// TooLarge is the error of a frame over the limit.
type TooLarge struct {
	Size, Max int // bytes; Size may be a lower bound if the frame was not read to its end
}

func (e *TooLarge) Error() string {
	return fmt.Sprintf("frame of %d bytes is over the limit of %d bytes (maxFrame): send less at once, or raise limits.frame on both ends", e.Size, e.Max)
}

// Corrupt is the error of a frame that cannot be read.
type Corrupt struct {
	Reason      string
	Recoverable bool // the next frame can still be found: the connection may go on
}

func (e *Corrupt) Error() string { return "corrupt frame: " + e.Reason }

func corrupt(format string, args ...any) error { return &Corrupt{Reason: fmt.Sprintf(format, args...)} }

func corruptLine(format string, args ...any) error {
	return &Corrupt{Reason: fmt.Sprintf(format, args...), Recoverable: true}
}

// prefixed reserves the length prefix, lets body append the frame, and fills the prefix in.
func prefixed(dst []byte, tail, max int, body func([]byte) ([]byte, error)) ([]byte, error) {
	start := len(dst)
	out, err := body(append(dst, 0, 0, 0, 0))
	if err != nil {
		return dst[:start], err
	}
	n := len(out) - start - prefixLen + tail
	if n > max || uint64(n) > math.MaxUint32 {
		return dst[:start], &TooLarge{Size: n, Max: max}
	}
	out[start], out[start+1], out[start+2], out[start+3] = byte(n>>24), byte(n>>16), byte(n>>8), byte(n)
	return out, nil
}

const prefixLen = 4
