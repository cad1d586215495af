package shape

import "fmt"

// Mismatch is the error of Compatible: the first place where a value would not arrive as it was sent.
type Mismatch struct {
	Path     string // "user.tags[]", "prices[key]"; empty if it is the value itself
	Sender   string // what it is there, for people
	Receiver string
}

func (m *Mismatch) Error() string {
	return fmt.Sprintf("%s is %s at the sender and %s at the receiver", m.Place(), m.Sender, m.Receiver)
}

// Place is the path in a sentence: `field "age"`, or `the value`.
func (m *Mismatch) Place() string { return place(m.Path) }

// Compatible returns nil if every value that sender describes can be received as receiver without loss, else a
// *Mismatch. A field that one side does not know is fine, and Any, or nil, matches anything. An integer may become
// wider, and an unsigned one a wider signed one; a float32 may become a float64; an array may grow or become a slice;
// a struct may become a map of its fields by name. Everything else must be the same. Null is no difference: both
// serializers read it as the zero value.
func Compatible(sender, receiver *Shape) error {
	if m := mismatch("", sender, receiver); m != nil {
		return m
	}
	return nil
}

func mismatch(path string, from, to *Shape) *Mismatch {
	a, b := from.kind(), to.kind()
	switch {
	case a == Any || b == Any:
		return nil
	case a == List && b == List:
		return listMismatch(path, from, to)
	case a == Map && b == Map:
		if m := mismatch(path+"[key]", from.Key, to.Key); m != nil {
			return m
		}
		return mismatch(path+"[]", from.Elem, to.Elem)
	case a == Struct && b == Struct:
		return structMismatch(path, from, to)
	case a == Struct && b == Map:
		return structAsMap(path, from, to)
	case a == b || widens(a, b):
		return nil
	}
	return differ(path, from, to)
}

func differ(path string, from, to *Shape) *Mismatch {
	return &Mismatch{Path: path, Sender: from.brief(), Receiver: to.brief()}
}

// listMismatch keeps arrays of bytes apart from other lists: MessagePack writes them as binary.
func listMismatch(path string, from, to *Shape) *Mismatch {
	shrinks := to.Len > 0 && (from.Len == 0 || from.Len > to.Len)
	if shrinks || from.byteArray() != to.byteArray() {
		return differ(path, from, to)
	}
	return mismatch(path+"[]", from.Elem, to.Elem)
}

func structMismatch(path string, from, to *Shape) *Mismatch {
	known := make(map[string]*Shape, len(to.Fields))
	for _, f := range to.Fields {
		known[f.Name] = f.Shape
	}
	for _, f := range from.Fields {
		if m := mismatch(join(path, f.Name), f.Shape, known[f.Name]); m != nil {
			return m
		}
	}
	return nil
}

func structAsMap(path string, from, to *Shape) *Mismatch {
	if k := to.Key.kind(); k != String && k != Any {
		return differ(path, from, to)
	}
	for _, f := range from.Fields {
		if m := mismatch(join(path, f.Name), f.Shape, to.Elem); m != nil {
			return m
		}
	}
	return nil
}

// number is a numeric kind's family and width in bits.
type number struct {
	family byte // 'i' signed, 'u' unsigned, 'f' float
	bits   int
}

var numbers = map[Kind]number{
	Int8: {'i', 8}, Int16: {'i', 16}, Int32: {'i', 32}, Int64: {'i', 64},
	Uint8: {'u', 8}, Uint16: {'u', 16}, Uint32: {'u', 32}, Uint64: {'u', 64},
	Float32: {'f', 32}, Float64: {'f', 64},
}

// widens reports whether every number of kind from is one of kind to.
func widens(from, to Kind) bool {
	a, ok := numbers[from]
	b, also := numbers[to]
	if !ok || !also || a.bits >= b.bits {
		return false
	}
	return a.family == b.family || a.family == 'u' && b.family == 'i'
}

func join(path, name string) string {
	if path == "" {
		return name
	}
	return path + "." + name
}

func place(path string) string {
	if path == "" {
		return "the value"
	}
	if path[0] == '[' {
		return fmt.Sprintf("element %q", path)
	}
	return fmt.Sprintf("field %q", path)
}
