package codec

import (
	"fmt"
	"reflect"
)

// maxHops is how many pointers and interfaces may follow on one another: none of them adds to the
// nesting that is written, so a pointer to an interface that holds that pointer has to be found here.
const maxHops = 64

// checkDepth refuses a value that is nested deeper than [MaxDepth]. A value that contains itself is:
// the library would follow it until the stack is full, which ends the process.
func checkDepth(v reflect.Value, p *plan) error { return dive(v, p, MaxDepth, maxHops) }

var errDepth = fmt.Errorf("the value is nested deeper than %d: does it contain itself?", MaxDepth)

// dive follows v where it can go deeper; left counts containers, hops what lies between two of them.
func dive(v reflect.Value, p *plan, left, hops int) error {
	if left < 0 || hops < 0 {
		return errDepth
	}
	switch p.shape {
	case opaque:
		if p.elem != nil {
			return dive(v, p.elem, left, hops-1)
		}
	case anything, abstract:
		return diveAny(v, left, hops)
	case pointer:
		if v.IsNil() {
			return nil
		}
		return dive(v.Elem(), p.elem, left, hops-1)
	case list, array:
		return diveElements(v, p, left-1)
	case dict:
		return diveMap(v, p, left-1)
	case object:
		return diveFields(v, p, left-1)
	}
	return nil
}

func diveAny(v reflect.Value, left, hops int) error {
	if v.IsNil() {
		return nil
	}
	v = v.Elem()
	info := infoOf(v.Type())
	if info.err != nil {
		return info.err
	}
	if left > 0 && !info.dynamic && !info.recursive {
		return nil
	}
	return dive(v, info.plan, left, hops-1)
}

func diveElements(v reflect.Value, p *plan, left int) error {
	if left < 0 {
		return errDepth
	}
	for i := 0; p.elem.holdsMore() && i < v.Len(); i++ {
		if err := dive(v.Index(i), p.elem, left, maxHops); err != nil {
			return err
		}
	}
	return nil
}

func diveMap(v reflect.Value, p *plan, left int) error {
	if left < 0 {
		return errDepth
	}
	if !p.elem.holdsMore() {
		return nil
	}
	for it := v.MapRange(); it.Next(); {
		if err := dive(it.Value(), p.elem, left, maxHops); err != nil {
			return err
		}
	}
	return nil
}

func diveFields(v reflect.Value, p *plan, left int) error {
	if left < 0 {
		return errDepth
	}
	for _, f := range p.fields.list {
		if !f.plan.holdsMore() {
			continue
		}
		fv, err := v.FieldByIndexErr(f.index)
		if err != nil {
			continue // behind a nil embedded pointer: written as nil
		}
		if err := dive(fv, f.plan, left, maxHops); err != nil {
			return err
		}
	}
	return nil
}
