package middleware

import (
	"crypto/rand"
	"encoding/hex"
	"fmt"
)

// A Trace is a place in a distributed trace: what the headers traceparent and tracestate say.
type Trace struct {
	ID      [16]byte // of the whole trace
	Span    [8]byte  // of the call
	Sampled bool     // who began it, or passed it on, may have recorded it
	State   string   // tracestate, which belongs to the systems that trace; it travels as it is
}

// IsZero reports whether t is no trace: one of its ids is all zeros.
func (t Trace) IsZero() bool { return t.ID == [16]byte{} || t.Span == [8]byte{} }

// Child returns t with a span id of its own; a new trace if t is none. Ids are random, by crypto/rand.
func (t Trace) Child() Trace {
	for t.IsZero() {
		t = Trace{}
		rand.Read(t.ID[:]) // never fails: the program ends if the system has no random numbers
		rand.Read(t.Span[:])
	}
	for parent := t.Span; t.Span == parent || t.Span == [8]byte{}; {
		rand.Read(t.Span[:])
	}
	return t
}

// Traceparent is the header of t, in version 00.
func (t Trace) Traceparent() string {
	b := make([]byte, 0, 55)
	b = append(b, "00-"...)
	b = append(hex.AppendEncode(b, t.ID[:]), '-')
	b = append(hex.AppendEncode(b, t.Span[:]), "-00"...)
	if t.Sampled {
		b[54] = '1'
	}
	return string(b)
}

// ParseTraceparent reads a header. One of a version that is not known yet is read as far as version 00 goes, as the specification wants it.
func ParseTraceparent(s string) (t Trace, err error) {
	var version, flags [1]byte
	switch {
	case len(s) < 55 || s[2] != '-' || s[35] != '-' || s[52] != '-':
		return t, badTraceparent(s, "want version-trace id-span id-flags in hexadecimal digits, 55 bytes")
	case !unhex(version[:], s[:2]) || !unhex(t.ID[:], s[3:35]) || !unhex(t.Span[:], s[36:52]) || !unhex(flags[:], s[53:55]):
		return Trace{}, badTraceparent(s, "want lower-case hexadecimal digits")
	case version[0] == 0xff:
		return Trace{}, badTraceparent(s, "version ff does not exist")
	case len(s) > 55 && (version[0] == 0 || s[55] != '-'):
		return Trace{}, badTraceparent(s, "bytes follow the flags")
	case t.IsZero():
		return Trace{}, badTraceparent(s, "an id of zeros is none")
	}
	t.Sampled = flags[0]&1 != 0
	return t, nil
}

func badTraceparent(s, why string) error {
	return fmt.Errorf("traceparent %.80q: %s", s, why)
}

// unhex decodes lower-case digits; upper-case ones are not valid here.
func unhex(dst []byte, s string) bool {
	for i := range len(s) {
		if s[i] >= 'A' && s[i] <= 'F' {
			return false
		}
	}
	_, err := hex.Decode(dst, []byte(s))
	return err == nil
}
