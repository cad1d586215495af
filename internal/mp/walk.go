package mp

// SkipDepth is the nesting that [Skip] allows.
const SkipDepth = 256

// shallow is the nesting that a walk follows without allocating.
const shallow = 32

// Skip returns what follows the value at the start of b. It walks that value, see [Walk], with
// [SkipDepth] as the limit.
func Skip(b []byte) (rest []byte, err error) { return Walk(b, SkipDepth) }

// Walk walks exactly one value and returns the bytes behind it. It compares every declared length with
// the bytes that are left (an array of n needs n bytes, a map of n pairs 2n), counts arrays and maps
// nested in one another against maxDepth, and refuses the reserved byte 0xc1. A scalar is at depth 0.
// Time is linear in the bytes walked. Nothing is allocated, up to a nesting of 32.
//
// What Walk accepts is one complete value, so a decoder that allocates what a header claims
// allocates no more than a multiple of len(b).
func Walk(b []byte, maxDepth int) (rest []byte, err error) {
	var first [shallow]int
	open := first[:0] // values still to come in each array or map that is open
	for pos, more := 0, 1; ; {
		for more == 0 {
			if len(open) == 0 {
				return b[pos:], nil
			}
			more, open = open[len(open)-1], open[:len(open)-1]
		}
		h, err := ReadHead(b[pos:])
		if err != nil {
			return b, at(err, pos)
		}
		more--
		pos += h.Size
		if h.Kind < Array || h.Kind == Ext {
			pos += h.Len
			continue
		}
		if len(open) >= maxDepth {
			return b, &Error{Offset: pos - h.Size, What: h.Kind.String(), Depth: maxDepth}
		}
		open, more = append(open, more), h.values()
	}
}

// values is the number of values inside an array or a map.
func (h Head) values() int {
	if h.Kind == Map {
		return 2 * h.Len
	}
	return h.Len
}
