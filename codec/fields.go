package codec

import (
	"reflect"
	"strings"
)

// A fieldSet is a struct's fields as the library sees them: by name to decode, in order to encode.
type fieldSet struct {
	byName  map[string]*fieldPlan
	list    []*fieldPlan // positions, for a struct that is written as an array
	count   int          // of all fields, so of all positions in a set of those seen
	asArray bool
}

// A fieldPlan is one field.
type fieldPlan struct {
	name  string
	index []int // path through embedded structs
	order int   // counts fields, so that a repeated one is noticed
	plan  *plan
}

// fieldsOf resolves the fields of t by the library's rules: a `msgpack` tag, else a `json` tag, else
// the Go name; an embedded struct is inlined unless one of its names is taken.
func (c *compiler) fieldsOf(t reflect.Type) *fieldSet {
	fs := c.resolve(t, map[reflect.Type]bool{})
	for i, f := range fs.list {
		f.order, fs.count = i, i+1
	}
	for _, f := range fs.byName { // embedded structs that can also be addressed as a whole
		if f.order < 0 {
			f.order = fs.count
			fs.count++
		}
	}
	return fs
}

func (c *compiler) resolve(t reflect.Type, outer map[reflect.Type]bool) *fieldSet {
	fs := &fieldSet{byName: map[string]*fieldPlan{}}
	if outer[t] {
		c.refuse(t, "embeds itself")
		return fs
	}
	outer[t] = true
	defer delete(outer, t)
	for i := range t.NumField() {
		f := t.Field(i)
		tag := tagOf(f)
		if tag.name == "-" {
			continue
		}
		if f.Name == "_msgpack" {
			fs.asArray = tag.has("as_array") || tag.has("asArray")
		}
		if f.PkgPath == "" || f.Anonymous {
			c.addField(fs, f, tag, outer)
		}
	}
	return fs
}

func (c *compiler) addField(fs *fieldSet, f reflect.StructField, tag fieldTag, outer map[reflect.Type]bool) {
	if tag.has("intern") {
		c.refuse(f.Type, "field "+f.Name+": interned strings are not supported: remove the tag's option")
	}
	name := tag.name
	if name == "" {
		name = f.Name
	}
	fp := &fieldPlan{name: name, index: f.Index, order: -1}
	if f.Anonymous && !tag.has("noinline") && c.inline(fs, f, tag, outer) {
		fp.plan = c.compile(f.Type)
		fs.byName[name] = fp
		return
	}
	fp.plan = c.compile(f.Type)
	fs.add(fp)
	if alias, ok := tag.options["alias"]; ok {
		fs.byName[alias] = fp
	}
}

func (fs *fieldSet) add(f *fieldPlan) {
	fs.byName[f.name] = f
	fs.list = append(fs.list, f)
}

// inline adds the fields of an embedded struct to fs, if the library would.
func (c *compiler) inline(fs *fieldSet, f reflect.StructField, tag fieldTag, outer map[reflect.Type]bool) bool {
	t := f.Type
	if t.Kind() == reflect.Pointer {
		t = t.Elem()
	}
	forced := tag.has("inline")
	if !plainStruct(t) && !(forced && t.Kind() == reflect.Struct) {
		return false
	}
	inner := c.resolve(t, outer).list
	for _, in := range inner {
		if fs.byName[in.name] != nil && !forced {
			return false
		}
	}
	for _, in := range inner {
		if fs.byName[in.name] == nil || !forced {
			in.index = append(append([]int(nil), f.Index...), in.index...)
			fs.add(in)
		}
	}
	return true
}

// A fieldTag is a parsed struct tag.
type fieldTag struct {
	name    string
	options map[string]string
}

func (t fieldTag) has(option string) bool {
	_, ok := t.options[option]
	return ok
}

// tagOf reads the `msgpack` tag, or else the `json` tag, as the library does: parts between commas, the
// first is the name unless it holds a colon, the rest are options, some with a value after a colon.
// Quotes and brackets, which the library also knows, are not read.
func tagOf(f reflect.StructField) fieldTag {
	text := f.Tag.Get("msgpack")
	if text == "" {
		text = f.Tag.Get("json")
	}
	t := fieldTag{options: map[string]string{}}
	for i, part := range strings.Split(text, ",") {
		key, value, hasValue := strings.Cut(part, ":")
		key, value = strings.TrimSpace(key), strings.TrimSpace(value)
		switch {
		case i == 0 && !hasValue:
			t.name = key
		case key != "" || hasValue:
			t.options[key] = value
		}
	}
	return t
}
