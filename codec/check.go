package codec

import (
	"errors"
	"fmt"

	"github.com/go-hotplug/hotplug/internal/mp"
)

// Memory that decoding may take, as a multiple of the input. A type can ask for any amount per byte (an
// array of empty structs is one byte each), so it is counted. What people send takes up to about a
// hundred times its bytes: {"a":1} is four, and a map of one pair.
const (
	memoryFactor = 64
	smallFactor  = 128      // up to smallMemory
	smallMemory  = 64 << 20 // bytes
	memoryFloor  = 1 << 20  // bytes that any input may take
	mapSlot      = 16       // what a map takes per pair, beside the pair
	mapBase      = 312      // what a small map takes
)

// mayTake is how many bytes of memory may come of an input of n bytes.
func mayTake(n int) int64 {
	return max(memoryFloor, memoryFactor*int64(n), min(smallFactor*int64(n), smallMemory))
}

// A checker walks bytes beside a plan. It does the walk of [mp.Walk] on the way, so what it accepts is
// one complete value.
type checker struct {
	data    []byte
	pos     int
	depth   int
	memory  int64 // what may still be allocated
	patches []patch
}

// check returns data, or a rewritten copy of it if there were numbers in another encoding than the
// library wants for the type.
func check(data []byte, p *plan) ([]byte, error) {
	c := checker{data: data, memory: mayTake(len(data))}
	if err := c.value(p); err != nil {
		return nil, err
	}
	if rest := len(data) - c.pos; rest > 0 {
		return nil, fmt.Errorf("%d bytes follow the value", rest)
	}
	return c.patched(), nil
}

// head reads the next head and stands behind it.
func (c *checker) head() (mp.Head, error) {
	h, err := mp.ReadHead(c.data[c.pos:])
	if err != nil {
		var e *mp.Error
		if errors.As(err, &e) {
			e.Offset += c.pos
		}
		return h, err
	}
	c.pos += h.Size
	return h, nil
}

// skip walks over one value.
func (c *checker) skip() error {
	rest, err := mp.Walk(c.data[c.pos:], MaxDepth-c.depth)
	if err != nil {
		var e *mp.Error
		if errors.As(err, &e) {
			if e.Offset += c.pos; e.Depth > 0 {
				e.Depth = MaxDepth
			}
		}
		return err
	}
	c.pos = len(c.data) - len(rest)
	return nil
}

// claim counts n elements of size bytes against the memory that is left.
func (c *checker) claim(n int, size int64) error {
	if size > 0 && int64(n) > c.memory/size {
		return fmt.Errorf("decoding takes more than %d bytes of memory for %d bytes of input",
			mayTake(len(c.data)), len(c.data))
	}
	c.memory -= int64(n) * size
	return nil
}

// enter counts nesting; leave ends it.
func (c *checker) enter(kind mp.Kind) error {
	if c.depth++; c.depth > MaxDepth {
		return &mp.Error{Offset: c.pos, What: kind.String(), Depth: MaxDepth}
	}
	return nil
}

func (c *checker) leave() { c.depth-- }

// value checks the value at c.pos and stands behind it.
func (c *checker) value(p *plan) error {
	switch p.shape {
	case opaque, abstract:
		return c.skip()
	case anything:
		return c.any()
	case pointer:
		return c.pointer(p)
	}
	start := c.pos
	h, err := c.head()
	if err != nil {
		return err
	}
	if p.kinds != 0 && p.kinds&(1<<h.Kind) == 0 {
		return fmt.Errorf("%s found, %s expected", h.Kind, p.typ)
	}
	switch h.Kind {
	case mp.Nil, mp.Bool:
		return nil
	case mp.Int, mp.Uint, mp.Float:
		return c.number(p, h, start)
	case mp.String, mp.Bin, mp.Ext:
		c.pos += h.Len
		return c.body(p, h)
	}
	if err := c.enter(h.Kind); err != nil {
		return err
	}
	defer c.leave()
	if h.Kind == mp.Array {
		return c.elements(p, h.Len)
	}
	if p.shape == object {
		return c.object(p, h.Len)
	}
	return c.pairs(p, h.Len)
}

func (c *checker) pointer(p *plan) error {
	if mp.IsNil(c.data[c.pos:]) {
		c.pos++
		return nil
	}
	if err := c.claim(1, p.size); err != nil {
		return err
	}
	return c.value(p.elem)
}

// body checks what a string, bytes or an extension says about itself.
func (c *checker) body(p *plan, h mp.Head) error {
	if p.shape == bytesN && h.Len != p.n {
		return fmt.Errorf("%d bytes found, %s expected", h.Len, p.typ)
	}
	if p.typ == timeType && (int8(h.Bits) != -1 || h.Len != 4 && h.Len != 8 && h.Len != 12) {
		return fmt.Errorf("extension %d of %d bytes found, a timestamp expected", int8(h.Bits), h.Len)
	}
	return nil
}

// elements checks the n elements of a slice, an array, or a struct that is written as an array.
func (c *checker) elements(p *plan, n int) error {
	switch {
	case p.shape == object:
		return c.positions(p, n)
	case p.shape == array && n != p.n:
		return fmt.Errorf("%d elements found, %s expected", n, p.typ)
	}
	if err := c.claim(n, p.size); err != nil {
		return err
	}
	for i := range n {
		if err := c.value(p.elem); err != nil {
			return within(fmt.Sprintf("[%d]", i), err)
		}
	}
	return nil
}

func (c *checker) positions(p *plan, n int) error {
	if n != len(p.fields.list) {
		return fmt.Errorf("%d elements found, %s has %d fields", n, p.typ, len(p.fields.list))
	}
	for _, f := range p.fields.list {
		if err := c.value(f.plan); err != nil {
			return within(f.name, err)
		}
	}
	return nil
}

// pairs checks the n pairs of a map.
func (c *checker) pairs(p *plan, n int) error {
	if err := c.claim(n, p.size); err != nil {
		return err
	}
	if err := c.claim(1, mapBase); err != nil {
		return err
	}
	for range n {
		start := c.pos
		if err := c.value(p.key); err != nil {
			return fmt.Errorf("map key: %w", err)
		}
		key := c.data[start:c.pos]
		if err := c.value(p.elem); err != nil {
			return within(keyStep(key), err)
		}
	}
	return nil
}

// key reads a name: a string, bytes, or nil for the empty name.
func (c *checker) key() ([]byte, error) {
	h, err := c.head()
	if err != nil {
		return nil, err
	}
	switch h.Kind {
	case mp.String, mp.Bin, mp.Nil:
		start := c.pos
		c.pos += h.Len
		return c.data[start:c.pos], nil
	}
	return nil, fmt.Errorf("map key: %s found, string expected", h.Kind)
}

// object checks the n pairs of a struct. Names that the struct does not have are walked over: a peer
// may know more. A name twice is refused: the library would quietly take the last.
func (c *checker) object(p *plan, n int) error {
	seen := newSet(p.fields.count)
	for range n {
		name, err := c.key()
		if err != nil {
			return err
		}
		f := p.fields.byName[string(name)]
		if f == nil {
			if err := c.skip(); err != nil {
				return within(string(name), err)
			}
			continue
		}
		if seen.add(f.order) {
			return within(f.name, errors.New("is there twice"))
		}
		if err := c.value(f.plan); err != nil {
			return within(f.name, err)
		}
	}
	return nil
}

// A set of small integers, without an allocation up to 64.
type set struct {
	first uint64
	more  []uint64
}

func newSet(n int) set {
	if n <= 64 {
		return set{}
	}
	return set{more: make([]uint64, n/64)}
}

// add reports whether i was there.
func (s *set) add(i int) bool {
	word := &s.first
	if i >= 64 {
		word = &s.more[i/64-1]
	}
	was := *word&(1<<(i%64)) != 0
	*word |= 1 << (i % 64)
	return was
}
