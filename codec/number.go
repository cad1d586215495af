package codec

import (
	"encoding/binary"
	"fmt"
	"math"

	"github.com/go-hotplug/hotplug/internal/mp"
)

// A patch is a number to be replaced by the same number in the encoding that the library expects
// there: it refuses a float64 for a float32, a whole float for an integer, and turns integers above
// math.MaxInt64 negative where a float is meant.
type patch struct {
	at, size int
	number   []byte
}

func (c *checker) patch(at int, number []byte) error {
	c.patches = append(c.patches, patch{at: at, size: c.pos - at, number: number})
	return nil
}

// patched returns the data with all patches applied, in a copy if there are any.
func (c *checker) patched() []byte {
	if len(c.patches) == 0 {
		return c.data
	}
	out, from := make([]byte, 0, len(c.data)+4*len(c.patches)), 0
	for _, p := range c.patches {
		out = append(append(out, c.data[from:p.at]...), p.number...)
		from = p.at + p.size
	}
	return append(out, c.data[from:]...)
}

// number checks that a number fits p's type exactly. A fraction may lose digits in a float32; nothing
// else may change.
func (c *checker) number(p *plan, h mp.Head, start int) error {
	switch {
	case p.shape == float && h.Kind == mp.Float:
		return c.floatToFloat(p, h, start)
	case p.shape == float:
		return c.intToFloat(p, h, start)
	case h.Kind == mp.Float:
		return c.floatToInt(p, h, start)
	case !p.holds(h):
		return p.misfit(h)
	}
	return nil
}

// holds reports whether an integer is within the range of p's type.
func (p *plan) holds(h mp.Head) bool {
	if h.Kind == mp.Int && int64(h.Bits) < 0 {
		return int64(h.Bits) >= p.lo
	}
	return h.Bits <= p.hi
}

func (p *plan) misfit(h mp.Head) error {
	return fmt.Errorf("%s does not fit %s (%d to %d)", integerText(h), p.typ, p.lo, p.hi)
}

func integerText(h mp.Head) string {
	if h.Kind == mp.Int {
		return fmt.Sprint(int64(h.Bits))
	}
	return fmt.Sprint(h.Bits)
}

// floatOf is the value of a float's head.
func floatOf(h mp.Head) float64 {
	if h.Size == 5 {
		return float64(math.Float32frombits(uint32(h.Bits)))
	}
	return math.Float64frombits(h.Bits)
}

func (c *checker) floatToInt(p *plan, h mp.Head, start int) error {
	f := floatOf(h)
	whole := mp.Head{Kind: mp.Int, Bits: uint64(int64(f))}
	switch {
	case f != math.Trunc(f) || math.IsInf(f, 0):
		return fmt.Errorf("%v is not a whole number, %s expected", f, p.typ)
	case f >= 1<<64 || f < -1<<63:
		return fmt.Errorf("%v does not fit %s (%d to %d)", f, p.typ, p.lo, p.hi)
	case f >= 0:
		whole = mp.Head{Kind: mp.Uint, Bits: uint64(f)}
	}
	if !p.holds(whole) {
		return p.misfit(whole)
	}
	if whole.Kind == mp.Uint {
		return c.patch(start, mp.AppendUint(nil, whole.Bits))
	}
	return c.patch(start, mp.AppendInt(nil, int64(whole.Bits)))
}

func (c *checker) floatToFloat(p *plan, h mp.Head, start int) error {
	if p.typ.Bits() == 64 || h.Size == 5 {
		return nil
	}
	f := floatOf(h)
	if math.IsInf(float64(float32(f)), 0) && !math.IsInf(f, 0) {
		return fmt.Errorf("%v does not fit %s (up to %v)", f, p.typ, float32(math.MaxFloat32))
	}
	return c.patch(start, binary.BigEndian.AppendUint32([]byte{0xca}, math.Float32bits(float32(f))))
}

func (c *checker) intToFloat(p *plan, h mp.Head, start int) error {
	if !exactFloat(h, p.typ.Bits()) {
		return fmt.Errorf("%s has more digits than %s holds", integerText(h), p.typ)
	}
	if h.Kind == mp.Int || h.Bits <= math.MaxInt64 {
		return nil
	}
	if p.typ.Bits() == 32 {
		return c.patch(start, binary.BigEndian.AppendUint32([]byte{0xca}, math.Float32bits(float32(h.Bits))))
	}
	return c.patch(start, binary.BigEndian.AppendUint64([]byte{0xcb}, math.Float64bits(float64(h.Bits))))
}

// exactFloat reports whether an integer's significant bits fit a float's mantissa.
func exactFloat(h mp.Head, bits int) bool {
	m := h.Bits
	if h.Kind == mp.Int && int64(m) < 0 {
		m = -m
	}
	for m != 0 && m&1 == 0 {
		m >>= 1
	}
	if bits == 32 {
		return m < 1<<24
	}
	return m < 1<<53
}
