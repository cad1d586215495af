package shape

import (
	"cmp"
	"reflect"
	"slices"
	"strings"
	"unicode"
)

// jsonField is a field as encoding/json sees it.
type jsonField struct {
	name     string
	typ      reflect.Type
	tagged   bool // the name is from a tag, which wins over a name that is not
	quoted   bool // the option `string`, which only one of the serializers knows
	optional bool
	index    []int // the way to it through embedded structs
}

// jsonFields lists the fields of struct type t under the rules of encoding/json: embedded structs are inlined; of
// several fields of one name the least deep wins, then the one with a tag; if that leaves two, none is there.
// same is false if a `msgpack` tag says something else.
func jsonFields(t reflect.Type) (fields []jsonField, same bool) {
	c := collector{open: map[reflect.Type]bool{}}
	c.collect(t, nil, false)
	byName := map[string][]jsonField{}
	for _, f := range c.found {
		byName[f.name] = append(byName[f.name], f)
	}
	for _, f := range c.found {
		if w, ok := dominant(byName[f.name]); ok && slices.Equal(w.index, f.index) {
			fields = append(fields, f)
		}
	}
	return fields, !c.differs
}

// collector gathers fields before it is decided which of them hide others.
type collector struct {
	found   []jsonField
	open    map[reflect.Type]bool // the structs around: one that embeds itself adds nothing that is not hidden
	differs bool                  // a `msgpack` tag says something else than the `json` tag
}

// collect appends the fields of t and of the structs embedded in it, in the order of declaration.
func (c *collector) collect(t reflect.Type, at []int, optional bool) {
	if c.open[t] {
		return
	}
	c.open[t] = true
	defer delete(c.open, t)
	for i := range t.NumField() {
		sf := t.Field(i)
		c.differs = c.differs || tagsDiffer(sf)
		tag := sf.Tag.Get("json")
		if tag == "-" || !visible(sf) {
			continue
		}
		name, options, _ := strings.Cut(tag, ",")
		if !validName(name) {
			name = ""
		}
		c.field(sf, name, options, append(slices.Clone(at), i), optional)
	}
}

func (c *collector) field(sf reflect.StructField, name, options string, index []int, optional bool) {
	inner := sf.Type
	if inner.Name() == "" && inner.Kind() == reflect.Pointer {
		inner = inner.Elem()
	}
	if name == "" && sf.Anonymous && inner.Kind() == reflect.Struct {
		c.collect(inner, index, optional || sf.Type != inner)
		return
	}
	f := newField(sf, name, options)
	f.index, f.optional = index, f.optional || optional
	c.found = append(c.found, f)
}

// tagsDiffer reports whether MessagePack, which prefers its own tag, would write a field differently.
func tagsDiffer(sf reflect.StructField) bool {
	own, ok := sf.Tag.Lookup("msgpack")
	if !ok || own == "" {
		return false
	}
	name, options, _ := strings.Cut(own, ",")
	jsonName, _, _ := strings.Cut(sf.Tag.Get("json"), ",")
	return cmp.Or(name, sf.Name) != cmp.Or(jsonName, sf.Name) || options != "" && options != "omitempty"
}

// visible reports whether a field can have a part in JSON: exported ones, and the exported fields of an embedded struct.
func visible(sf reflect.StructField) bool {
	if sf.IsExported() {
		return true
	}
	t := sf.Type
	if t.Kind() == reflect.Pointer {
		t = t.Elem()
	}
	return sf.Anonymous && t.Kind() == reflect.Struct
}

func newField(sf reflect.StructField, name, options string) jsonField {
	f := jsonField{name: name, typ: sf.Type, tagged: name != ""}
	if name == "" {
		f.name = sf.Name
	}
	opts := strings.Split(options, ",")
	f.optional = slices.Contains(opts, "omitempty") || slices.Contains(opts, "omitzero") ||
		sf.Type.Kind() == reflect.Pointer
	f.quoted = slices.Contains(opts, "string") && quotable(sf.Type)
	return f
}

// quotable reports whether encoding/json heeds the option `string` for a field of this type.
func quotable(t reflect.Type) bool {
	if t.Name() == "" && t.Kind() == reflect.Pointer {
		t = t.Elem()
	}
	_, scalar := scalarKinds[t.Kind()]
	return scalar
}

// validName is the rule of encoding/json: a tag with other characters is ignored.
func validName(name string) bool {
	for _, c := range name {
		if !strings.ContainsRune("!#$%&()*+-./:;<=>?@[]^_{|}~ ", c) && !unicode.IsLetter(c) && !unicode.IsDigit(c) {
			return false
		}
	}
	return name != ""
}

func dominant(fields []jsonField) (jsonField, bool) {
	best := fields[:1]
	for _, f := range fields[1:] {
		switch rank := compareRank(f, best[0]); {
		case rank > 0:
			best = []jsonField{f}
		case rank == 0:
			best = append(best[:len(best):len(best)], f)
		}
	}
	return best[0], len(best) == 1
}

// compareRank is above 0 if a hides b, below 0 if b hides a, and 0 if they cancel each other out.
func compareRank(a, b jsonField) int {
	if d := len(b.index) - len(a.index); d != 0 {
		return d
	}
	if a.tagged == b.tagged {
		return 0
	}
	if a.tagged {
		return 1
	}
	return -1
}
