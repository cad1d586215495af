package shape

// Kind is what a value is. A kind that this version does not know is treated as Any.
type Kind string

// The kinds. Go's int is Int64 and its uint is Uint64, on every platform.
const (
	Any     Kind = "any"  // not described: matches anything
	None    Kind = "none" // there is no value, as in the reply to a notice
	Bool    Kind = "bool"
	Int8    Kind = "int8"
	Int16   Kind = "int16"
	Int32   Kind = "int32"
	Int64   Kind = "int64"
	Uint8   Kind = "uint8"
	Uint16  Kind = "uint16"
	Uint32  Kind = "uint32"
	Uint64  Kind = "uint64"
	Float32 Kind = "float32"
	Float64 Kind = "float64"
	String  Kind = "string"
	Bytes   Kind = "bytes" // a slice of bytes; an array of them is a List with Len
	Time    Kind = "time"  // an instant, time.Time
	List    Kind = "list"
	Map     Kind = "map"
	Struct  Kind = "struct"
)

// Limits of a shape. OfType stays within them by describing less; MarshalJSON and UnmarshalJSON refuse what is beyond.
const (
	MaxDepth = 64      // shapes within shapes
	MaxNodes = 4096    // shapes in one, itself included
	MaxName  = 256     // bytes of a field's name
	MaxBytes = 1 << 20 // of the JSON form
)

// Shape is the structure of one type. A nil *Shape is Any. Do not change a shape that you did not build.
type Shape struct {
	Kind   Kind
	Elem   *Shape  // List and Map: what it holds
	Key    *Shape  // Map: its keys
	Fields []Field // Struct: in the order in which they are declared
	Len    int     // List: the length of a fixed array, else 0

	// Nullable says that the type is a pointer, so that null is a value of it. Lists without Len, maps and
	// bytes are nullable in any case and do not set it.
	Nullable bool
}

// Field is one field of a struct.
type Field struct {
	Name     string // as it is on the wire
	Shape    *Shape
	Optional bool // may be absent or null: omitempty, omitzero or a pointer
}

var anyShape = &Shape{Kind: Any}

// scalars are the kinds that need no further description.
var scalars = map[Kind]bool{
	Any: true, None: true, Bool: true, String: true, Bytes: true, Time: true, Float32: true, Float64: true,
	Int8: true, Int16: true, Int32: true, Int64: true, Uint8: true, Uint16: true, Uint32: true, Uint64: true,
}

// kind is the kind of s with all that is unknown or incomplete turned into Any.
func (s *Shape) kind() Kind {
	if s == nil {
		return Any
	}
	if scalars[s.Kind] || s.Kind == List || s.Kind == Map || s.Kind == Struct {
		return s.Kind
	}
	return Any
}

// takesNull reports whether null is a value of s.
func (s *Shape) takesNull() bool {
	switch s.kind() {
	case Any, None, Bytes, Map:
		return true
	case List:
		return s.Nullable || s.Len == 0
	default:
		return s.Nullable
	}
}

// byteArray reports whether s is an array of bytes, which JSON writes as numbers and MessagePack as binary.
func (s *Shape) byteArray() bool {
	return s.kind() == List && s.Len > 0 && s.Elem.kind() == Uint8
}

// field returns the field of this name, or nil.
func (s *Shape) field(name string) *Field {
	for i := range s.Fields {
		if s.Fields[i].Name == name {
			return &s.Fields[i]
		}
	}
	return nil
}

func (s *Shape) fieldNames() []string {
	names := make([]string, len(s.Fields))
	for i, f := range s.Fields {
		names[i] = f.Name
	}
	return names
}
