package middleware

import (
	"context"
	"fmt"
	"slices"
	"strings"

	"github.com/go-hotplug/hotplug/rpc"
)

// Redacted stands in a view where a field's value was.
const Redacted = "[redacted]"

// A Redaction hides fields of payloads, by name and at any depth. The zero value hides nothing. By itself it changes no message: View
// is for people's eyes, as in LogOptions, and Travelling is for those who want it on the wire too.
type Redaction struct{ fields []string }

// Redact hides fields of these names: as they travel, which is what the json tag says, in any case, since that is how JSON finds a field.
func Redact(fields ...string) Redaction { return Redaction{slices.Clone(fields)} }

// View returns v, as [rpc.Message.Generic] returns it, with Redacted in place of what is hidden. It changes v's maps and lists.
func (r Redaction) View(v any) any { return r.hide(v, Redacted, 0) }

// Travelling returns a middleware that takes what is hidden out of payloads, and out of the details of errors: the value travels as null, and a
// Go receiver finds the zero value of its field. It works in the directions given; in none means in both. Each payload that it sees is decoded
// and encoded once more, in which a number beyond 64 bits becomes a float64. Texts of errors stay as they are.
func (r Redaction) Travelling(directions ...rpc.Direction) rpc.Middleware {
	directions = slices.Clone(directions)
	return func(_ context.Context, m *rpc.Message, d rpc.Direction) (*rpc.Message, error) {
		if len(r.fields) == 0 || len(directions) > 0 && !slices.Contains(directions, d) {
			return nil, nil
		}
		if m.Err != nil {
			m.Err = r.withoutDetails(m, m.Err, 0)
			return nil, nil
		}
		v, err := m.Generic()
		if err != nil {
			return nil, rpc.Errorf(rpc.Invalid, "%s: redact the %s: %w", m.Type, what(m), err)
		}
		if v != nil {
			m.Replace(r.hide(v, nil, 0))
		}
		return nil, nil
	}
}

// maxDepth is how deep a payload is looked into; no serializer that comes with hotplug carries more.
const maxDepth = 300

// hide puts instead in the place of what is hidden. What is nested deeper than can be looked into is hidden too.
func (r Redaction) hide(v, instead any, depth int) any {
	if depth > maxDepth {
		return instead
	}
	switch v := v.(type) {
	case map[string]any:
		for k, e := range v {
			v[k] = r.hideField(k, e, instead, depth)
		}
	case map[any]any: // of a serializer whose keys are not all texts
		for k, e := range v {
			v[k] = r.hideField(fmt.Sprint(k), e, instead, depth)
		}
	case []any:
		for i, e := range v {
			v[i] = r.hide(e, instead, depth+1)
		}
	}
	return v
}

func (r Redaction) hideField(name string, v, instead any, depth int) any {
	if slices.ContainsFunc(r.fields, func(f string) bool { return strings.EqualFold(f, name) }) {
		return instead
	}
	return r.hide(v, instead, depth+1)
}

// maxCauses is how many causes of an error are kept, which may be its own cause.
const maxCauses = 16

// withoutDetails returns a copy of an error of m, and of its causes, whose details are redacted. Details that cannot be looked into go.
func (r Redaction) withoutDetails(m *rpc.Message, e *rpc.Error, causes int) *rpc.Error {
	redacted := *e
	if len(e.Details) > 0 {
		probe := *m
		probe.Replace(e.Details)
		details, err := probe.Generic()
		redacted.Details, _ = r.hide(details, nil, 0).(map[string]any)
		if err != nil {
			redacted.Details = nil
		}
	}
	redacted.Cause = nil
	if e.Cause != nil && causes < maxCauses {
		redacted.Cause = r.withoutDetails(m, e.Cause, causes+1)
	}
	return &redacted
}
