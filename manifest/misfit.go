package manifest

import (
	"encoding/json"
	"fmt"
	"math/big"
	"slices"
	"strconv"
	"strings"

	"github.com/santhosh-tekuri/jsonschema/v6"
	"github.com/santhosh-tekuri/jsonschema/v6/kind"
)

// A misfit is one value that a schema does not allow.
type misfit struct {
	at          []string // the way to it
	found, want string
}

// misfits are all of one value, as an error.
type misfits []misfit

// mostMisfits is how many of them a text has.
const mostMisfits = 5

func (ms misfits) Error() string {
	var parts []string
	for _, m := range ms[:min(len(ms), mostMisfits)] {
		parts = append(parts, pointer(m.at)+": expected "+m.want+", found "+m.found)
	}
	if more := len(ms) - mostMisfits; more > 0 {
		parts = append(parts, fmt.Sprintf("and %d more", more))
	}
	return strings.Join(parts, "; ")
}

// pointer is a JSON Pointer (RFC 6901); that of the whole is said in words.
func pointer(at []string) string {
	if len(at) == 0 {
		return "the whole of it"
	}
	text := ""
	for _, step := range at {
		text += "/" + strings.NewReplacer("~", "~0", "/", "~1").Replace(step)
	}
	return clip(text)
}

// misfitsOf are the values at the ends of what the library says, by place and text.
func misfitsOf(e *jsonschema.ValidationError, value any) misfits {
	var all misfits
	collect(e, value, &all)
	slices.SortStableFunc(all, func(a, b misfit) int { return slices.Compare(a.at, b.at) })
	return slices.CompactFunc(all, func(a, b misfit) bool { return slices.Equal(a.at, b.at) && a.want == b.want })
}

func collect(e *jsonschema.ValidationError, value any, all *misfits) {
	at, found := e.InstanceLocation, foundAt(value, e.InstanceLocation)
	add := func(m misfit) { *all = append(*all, m) }
	switch k := e.ErrorKind.(type) {
	case *kind.AnyOf, *kind.OneOf:
		add(misfit{at, found, alternatives(e, value)})
		return
	case *kind.Required:
		for _, name := range k.Missing {
			add(misfit{append(slices.Clone(at), name), "nothing", "a value, which is required"})
		}
		return
	case *kind.AdditionalProperties:
		for _, name := range k.Properties {
			add(misfit{append(slices.Clone(at), name), foundAt(value, append(slices.Clone(at), name)), "no member of this name"})
		}
		return
	}
	if len(e.Causes) == 0 {
		add(misfit{at, found, wanted(e)})
	}
	for _, cause := range e.Causes {
		collect(cause, value, all)
	}
}

// alternatives is what would do instead. Where that is about parts of the value, it is too long for a sentence.
func alternatives(e *jsonschema.ValidationError, value any) string {
	if k, ok := e.ErrorKind.(*kind.OneOf); ok && len(k.Subschemas) > 0 {
		return fmt.Sprintf("what fits one form of its oneOf (it fits forms %d and %d)", k.Subschemas[0]+1, k.Subschemas[1]+1)
	}
	var wants []string
	for _, cause := range e.Causes {
		for _, m := range misfitsOf(cause, value) {
			if !slices.Equal(m.at, e.InstanceLocation) {
				return fmt.Sprintf("what fits one of the %d forms of its %s", len(e.Causes), e.ErrorKind.KeywordPath()[0])
			}
			if !slices.Contains(wants, m.want) {
				wants = append(wants, m.want)
			}
		}
	}
	return strings.Join(wants, " or ")
}

// wanted is what the schema allows at a place.
func wanted(e *jsonschema.ValidationError) string {
	switch k := e.ErrorKind.(type) {
	case *kind.Type:
		names := make([]string, len(k.Want))
		for i, t := range k.Want {
			names[i] = typeNames[t]
		}
		return strings.Join(names, " or ")
	case *kind.Enum:
		return "one of " + listed(k.Want)
	case *kind.Const:
		return listed([]any{k.Want})
	case *kind.FalseSchema:
		return "no value"
	case *kind.Pattern:
		return "text that matches " + k.Want
	case *kind.Format:
		if k.Want == "regex" {
			return "a regular expression of Go, without lookaround and backreferences"
		}
		return "the format " + k.Want
	}
	if text := bound(e.ErrorKind); text != "" {
		return text
	}
	_, text, _ := strings.Cut(e.Error(), ": ") // what stands in front of it is the place
	return "what its schema allows (" + text + ")"
}

// typeNames are the types of a schema in the words of this package.
var typeNames = map[string]string{
	"null": kindNull, "boolean": kindBool, "object": kindObject, "array": kindList, "number": kindNumber, "string": kindString, "integer": "a whole number",
}

// bound is what the schema allows in size or number; empty: it says something else.
func bound(e jsonschema.ErrorKind) string {
	switch k := e.(type) {
	case *kind.Minimum:
		return "at least " + number(k.Want)
	case *kind.Maximum:
		return "at most " + number(k.Want)
	case *kind.ExclusiveMinimum:
		return "more than " + number(k.Want)
	case *kind.ExclusiveMaximum:
		return "less than " + number(k.Want)
	case *kind.MultipleOf:
		return "a multiple of " + number(k.Want)
	case *kind.MinLength:
		return fmt.Sprintf("at least %d characters", k.Want)
	case *kind.MaxLength:
		return fmt.Sprintf("at most %d characters", k.Want)
	case *kind.MinItems:
		return fmt.Sprintf("a list of at least %d", k.Want)
	case *kind.MaxItems:
		return fmt.Sprintf("a list of at most %d", k.Want)
	case *kind.MinProperties:
		return fmt.Sprintf("an object of at least %d members", k.Want)
	case *kind.MaxProperties:
		return fmt.Sprintf("an object of at most %d members", k.Want)
	}
	return ""
}

func number(r *big.Rat) string {
	f, _ := r.Float64()
	return strconv.FormatFloat(f, 'g', -1, 64)
}

// listed is values as they stand in JSON.
func listed(values []any) string {
	parts := make([]string, len(values))
	for i, v := range values {
		text, err := json.Marshal(v)
		if err != nil {
			text = []byte(fmt.Sprint(v))
		}
		parts[i] = string(text)
	}
	return clip(strings.Join(parts, ", "))
}

// foundAt is what is at a place, as problems of a manifest say it.
func foundAt(value any, at []string) string {
	for _, step := range at {
		switch v := value.(type) {
		case map[string]any:
			value = v[step]
		case []any:
			i, err := strconv.Atoi(step)
			if err != nil || i < 0 || i >= len(v) {
				return "nothing"
			}
			value = v[i]
		}
	}
	switch v := value.(type) {
	case map[string]any:
		return kindObject
	case []any:
		return kindList
	case string:
		return quote(v)
	case nil:
		return kindNull
	}
	return clip(fmt.Sprint(value))
}
