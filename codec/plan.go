package codec

import (
	"fmt"
	"reflect"
	"sync"
	"time"

	"github.com/go-hotplug/hotplug/internal/mp"
)

// A shape is what a type is to MessagePack; most shapes accept several kinds of value.
type shape uint8

const (
	opaque shape = iota // decodes itself: only walked
	leaf                // string, bytes, bool, time: the kind of value is compared, nothing else
	signed
	unsigned
	float
	pointer
	list  // a slice
	array // a Go array, except of bytes
	bytesN
	dict
	object
	anything // an interface without methods
	abstract // one with methods: only walked, and what is in it is followed when encoding
)

// A plan is how the bytes of one type's values are checked. Plans of recursive types are cyclic.
type plan struct {
	shape  shape
	typ    reflect.Type
	kinds  uint16 // accepted kinds, one bit each; 0: all
	lo     int64  // signed: the smallest value
	hi     uint64 // signed, unsigned: the largest value
	n      int    // array, bytesN: its length
	size   int64  // pointer, list, dict: bytes of memory per element
	key    *plan
	elem   *plan // of an opaque type that does not encode itself: how the library encodes it
	fields *fieldSet
}

// A typeInfo is all that is known about a type before a value of it is seen. It never changes.
type typeInfo struct {
	plan      *plan
	err       error // the type cannot be used at all
	dynamic   bool  // holds an interface somewhere
	recursive bool  // a value can contain a value of its own type
	addressed bool  // holds a type whose pointer, but not whose value, encodes itself
}

var typeInfos sync.Map // reflect.Type -> *typeInfo

func infoOf(t reflect.Type) *typeInfo {
	if known, ok := typeInfos.Load(t); ok {
		return known.(*typeInfo)
	}
	c := compiler{plans: map[reflect.Type]*plan{}, open: map[reflect.Type]bool{}}
	c.info.plan = c.compile(t)
	known, _ := typeInfos.LoadOrStore(t, &c.info)
	return known.(*typeInfo)
}

// A compiler makes the plan of one type and of all types inside it.
type compiler struct {
	info  typeInfo
	plans map[reflect.Type]*plan
	open  map[reflect.Type]bool // being compiled: to meet one of them again is recursion
}

func (c *compiler) refuse(t reflect.Type, why string) {
	if c.info.err == nil {
		c.info.err = fmt.Errorf("type %s: %s", t, why)
	}
}

func (c *compiler) compile(t reflect.Type) *plan {
	if p, ok := c.plans[t]; ok {
		c.info.recursive = c.info.recursive || c.open[t]
		return p
	}
	p := &plan{typ: t}
	c.plans[t] = p
	c.open[t] = true
	defer delete(c.open, t)
	if encodesAtPointer(t) {
		c.info.addressed = true
	}
	switch {
	case t == timeType:
		p.shape, p.kinds = leaf, kinds(mp.Ext)
	case decodesItself(t) || t.Kind() != reflect.Pointer && decodesItself(reflect.PointerTo(t)):
		p.shape = opaque
		if !encodesItself(t) {
			p.elem = &plan{typ: t}
			c.fill(p.elem, t)
		}
	default:
		c.fill(p, t)
	}
	return p
}

var (
	timeType  = reflect.TypeFor[time.Time]()
	errorType = reflect.TypeFor[error]()
)

// kinds is the set of these kinds; nil is never lost data, so it belongs to every set but that of
// time.Time, on which the library panics.
func kinds(ks ...mp.Kind) (set uint16) {
	for _, k := range ks {
		set |= 1 << k
	}
	return set
}

const orNil = 1 << mp.Nil

// fill completes the plan of a type that does not decode itself.
func (c *compiler) fill(p *plan, t reflect.Type) {
	switch t.Kind() {
	case reflect.Bool:
		p.shape, p.kinds = leaf, kinds(mp.Bool)|orNil
	case reflect.String:
		p.shape, p.kinds = leaf, kinds(mp.String, mp.Bin)|orNil
	case reflect.Int, reflect.Int8, reflect.Int16, reflect.Int32, reflect.Int64:
		p.shape, p.kinds = signed, kinds(mp.Int, mp.Uint, mp.Float)|orNil
		p.hi = 1<<(t.Bits()-1) - 1
		p.lo = -int64(p.hi) - 1
	case reflect.Uint, reflect.Uint8, reflect.Uint16, reflect.Uint32, reflect.Uint64:
		p.shape, p.kinds = unsigned, kinds(mp.Int, mp.Uint, mp.Float)|orNil
		p.hi = ^uint64(0) >> (64 - t.Bits())
	case reflect.Float32, reflect.Float64:
		p.shape, p.kinds = float, kinds(mp.Int, mp.Uint, mp.Float)|orNil
	case reflect.Pointer:
		c.fillPointer(p, t)
	case reflect.Slice, reflect.Array:
		c.fillSequence(p, t)
	case reflect.Map:
		c.fillMap(p, t)
	case reflect.Struct:
		p.shape, p.kinds = object, kinds(mp.Map, mp.Ext)|orNil
		p.fields = c.fieldsOf(t)
		if p.fields.asArray {
			p.kinds |= kinds(mp.Array)
		}
	case reflect.Interface:
		c.fillInterface(p, t)
	case reflect.Uintptr:
		c.refuse(t, "an address is not data: use uint64")
	}
}

func (c *compiler) fillPointer(p *plan, t reflect.Type) {
	p.shape, p.size = pointer, int64(t.Elem().Size())
	for e, seen := t, 0; e.Kind() == reflect.Pointer; e, seen = e.Elem(), seen+1 {
		if seen == 8 {
			c.refuse(t, "a pointer to a pointer without end")
			return
		}
	}
	p.elem = c.compile(t.Elem())
}

func (c *compiler) fillSequence(p *plan, t reflect.Type) {
	ofBytes := t.Elem().Kind() == reflect.Uint8
	switch {
	case ofBytes && t.Kind() == reflect.Slice:
		p.shape, p.kinds = leaf, kinds(mp.String, mp.Bin)|orNil
		return
	case ofBytes:
		p.shape, p.kinds, p.n = bytesN, kinds(mp.String, mp.Bin)|orNil, t.Len()
		return
	case t.Kind() == reflect.Slice:
		p.shape, p.size = list, int64(t.Elem().Size())
	default:
		p.shape, p.n = array, t.Len()
	}
	p.kinds = kinds(mp.Array) | orNil
	p.elem = c.compile(t.Elem())
}

func (c *compiler) fillMap(p *plan, t reflect.Type) {
	p.shape, p.kinds = dict, kinds(mp.Map)|orNil
	p.size = int64(t.Key().Size() + t.Elem().Size() + mapSlot)
	if t.Key().Kind() == reflect.Interface {
		c.refuse(t, "a map's keys need a concrete type, such as string")
	}
	p.key, p.elem = c.compile(t.Key()), c.compile(t.Elem())
}

func (c *compiler) fillInterface(p *plan, t reflect.Type) {
	c.info.dynamic = true
	switch {
	case t.NumMethod() == 0:
		p.shape = anything
	case t == errorType:
		p.shape, p.kinds = leaf, kinds(mp.String)|orNil
	default:
		p.shape = abstract
	}
}
