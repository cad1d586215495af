package manifest

import (
	"encoding/json"
	"fmt"
	"reflect"
	"strconv"
	"strings"
)

// decoder fills Go values from nodes and collects what is wrong on the way, instead of stopping at it.
type decoder struct {
	data     []byte
	problems []finding // at most maxProblems
	more     int       // problems beyond those
	warnings []finding // found is the text
}

// nodeDecoder is a type with a form of its own in JSON.
type nodeDecoder interface {
	decodeNode(d *decoder, n *node, key string)
}

// full reports whether the next problem will only be counted; then its text need not be made.
func (d *decoder) full() bool { return len(d.problems) >= maxProblems }

func (d *decoder) problem(offset int, key, found, want string) {
	if d.full() {
		d.more++
		return
	}
	d.problems = append(d.problems, finding{offset: offset, key: key, found: found, want: want})
}

// wrong is the problem of a value that is not what its key wants.
func (d *decoder) wrong(n *node, key, want string) {
	d.problem(n.start, key, n.found(), want)
}

// value fills dst, which holds the default, by its type and its field's tag.
func (d *decoder) value(n *node, key string, dst reflect.Value, tag reflect.StructTag) {
	if custom, ok := dst.Addr().Interface().(nodeDecoder); ok {
		custom.decodeNode(d, n, key)
		return
	}
	if l, ok := leaves[dst.Type()]; ok {
		d.leaf(n, key, dst, tag, l)
		return
	}
	switch dst.Interface().(type) {
	case json.RawMessage:
		d.raw(n, key, dst)
		return
	}
	switch dst.Kind() {
	case reflect.Struct:
		d.object(n, key, dst)
	case reflect.Map:
		d.mapping(n, key, dst, tag)
	case reflect.Slice:
		d.list(n, key, dst, tag)
	case reflect.Int:
		d.integer(n, key, dst, tag)
	default:
		d.str(n, key, dst, tag)
	}
}

// object fills a struct key by key.
func (d *decoder) object(n *node, key string, dst reflect.Value) {
	if n.kind != kindObject {
		d.wrong(n, key, kindObject)
		return
	}
	for _, m := range d.unique(n, key) {
		path := join(key, m.key)
		f, ok := fieldOf(dst.Type(), m.key)
		if ok {
			d.field(m, path, dst.FieldByIndex(f.Index), f.Tag)
			continue
		}
		if !strings.HasPrefix(m.key, "x-") {
			d.unknown(m, path, keysOf(dst.Type()))
		}
	}
}

func (d *decoder) unknown(m member, path string, known []string) {
	want := ""
	if !d.full() {
		want = nearestKey(m.key, known)
	}
	d.problem(m.start, path, "an unknown key", want)
}

// field fills one field of a struct and warns if it now says something that has no effect.
func (d *decoder) field(m member, path string, dst reflect.Value, tag reflect.StructTag) {
	before := fmt.Sprint(dst.Interface())
	d.value(m.value, path, dst, tag)
	if fmt.Sprint(dst.Interface()) != before {
		d.notYet(m, path)
	}
}

// unique are the members of an object without those whose key was there before, which are problems.
func (d *decoder) unique(n *node, key string) []member {
	first := make(map[string]int, len(n.members))
	var out []member
	for _, m := range n.members {
		if at, dup := first[m.key]; dup {
			d.twice(m, join(key, m.key), at)
			continue
		}
		first[m.key] = m.start
		out = append(out, m)
	}
	return out
}

// twice is the problem of a key that was at an earlier offset already.
func (d *decoder) twice(m member, path string, earlier int) {
	line := 0
	if !d.full() {
		line, _ = place(d.data, earlier)
	}
	d.problem(m.start, path, "the key a second time", fmt.Sprintf("it once (it is on line %d already)", line))
}

// mapping fills a map[string]string whose keys and values follow the rules of the tag.
func (d *decoder) mapping(n *node, key string, dst reflect.Value, tag reflect.StructTag) {
	if n.kind != kindObject {
		d.wrong(n, key, kindObject)
		return
	}
	out := reflect.MakeMap(dst.Type())
	for _, m := range d.unique(n, key) {
		path := join(key, m.key)
		if r, ok := rules[tag.Get("keys")]; ok && !r.ok(m.key) {
			d.problem(m.start, path, quote(m.key), r.want)
			continue
		}
		value := reflect.New(dst.Type().Elem()).Elem()
		d.str(m.value, path, value, tag)
		out.SetMapIndex(reflect.ValueOf(m.key), value)
	}
	dst.Set(out)
}

// list fills a []string whose elements follow the rule of the tag.
func (d *decoder) list(n *node, key string, dst reflect.Value, tag reflect.StructTag) {
	if n.kind != kindList {
		d.wrong(n, key, kindList+" of strings")
		return
	}
	out := reflect.MakeSlice(dst.Type(), len(n.items), len(n.items))
	for i, item := range n.items {
		d.str(item, fmt.Sprintf("%s[%d]", key, i), out.Index(i), tag)
	}
	dst.Set(out)
}

func (d *decoder) str(n *node, key string, dst reflect.Value, tag reflect.StructTag) {
	r := rules[tag.Get("rule")]
	if n.kind != kindString || (r.ok != nil && !r.ok(n.text)) {
		d.wrong(n, key, wantOf(dst.Type(), tag))
		return
	}
	dst.SetString(n.text)
}

func (d *decoder) integer(n *node, key string, dst reflect.Value, tag reflect.StructTag) {
	v, err := strconv.ParseInt(n.text, 10, 32)
	lowest, _ := strconv.ParseInt(tag.Get("min"), 10, 32)
	if n.kind != kindNumber || err != nil || v < lowest || (tag.Get("rule") == "format" && v != Format) {
		d.wrong(n, key, wantOf(dst.Type(), tag))
		return
	}
	dst.SetInt(v)
}

// leaf fills a type that is written as a string.
func (d *decoder) leaf(n *node, key string, dst reflect.Value, tag reflect.StructTag, l leaf) {
	if n.kind == kindString && n.text == "" && tag.Get("empty") == "ok" {
		dst.SetZero()
		return
	}
	if n.kind != kindString {
		d.wrong(n, key, wantOf(dst.Type(), tag))
		return
	}
	v, err := l.parse(n.text)
	if err != nil || !l.within(v, tag) {
		d.wrong(n, key, wantOf(dst.Type(), tag))
		return
	}
	dst.Set(reflect.ValueOf(v))
}

// raw keeps an object as it stands in the file; its keys must still be unique.
func (d *decoder) raw(n *node, key string, dst reflect.Value) {
	if n.kind != kindObject {
		d.wrong(n, key, kindObject)
		return
	}
	d.uniqueBelow(n, key)
	dst.SetBytes(d.data[n.start:n.end:n.end])
}

func (d *decoder) uniqueBelow(n *node, key string) {
	for _, m := range d.unique(n, key) {
		d.uniqueBelow(m.value, join(key, m.key))
	}
	for i, item := range n.items {
		d.uniqueBelow(item, fmt.Sprintf("%s[%d]", key, i))
	}
}

// err is the problems as one error, nil if there are none.
func (d *decoder) err(file, name string) error {
	if len(d.problems) == 0 {
		return nil
	}
	sortByPlace(d.problems)
	e := &Error{File: file, Name: name, More: d.more}
	for _, f := range d.problems {
		line, column := place(d.data, f.offset)
		e.Problems = append(e.Problems, Problem{file, line, column, f.key, f.found, f.want})
	}
	return e
}

// warned is the warnings with their places.
func (d *decoder) warned(file string) Warnings {
	sortByPlace(d.warnings)
	var out Warnings
	for _, f := range d.warnings {
		line, column := place(d.data, f.offset)
		out = append(out, Warning{file, line, column, f.key, f.found})
	}
	return out
}

// join is the path of a key below another; a key that is no plain word is quoted.
func join(path, key string) string {
	if strings.ContainsAny(key, ".[]\"\n\r\t ") || key == "" {
		key = quote(key)
	}
	if path == "" {
		return clip(key)
	}
	return path + "." + clip(key)
}
