package conformance

import (
	"bytes"
	"encoding/json"
	"fmt"
	"reflect"
	"sort"
	"strings"
)

// decode reads JSON and keeps its numbers as they are written.
func decode(text []byte) (any, error) {
	d := json.NewDecoder(bytes.NewReader(text))
	d.UseNumber()
	var v any
	err := d.Decode(&v)
	return v, err
}

// variables are what "$name" stands for.
type variables map[string]any

// fill replaces the variables in a value that is about to be sent.
func (vars variables) fill(v any) (any, error) {
	switch v := v.(type) {
	case string:
		name, is := strings.CutPrefix(v, "$")
		if !is || strings.HasPrefix(name, "fill:") {
			return v, nil
		}
		value, known := vars[name]
		if !known {
			return nil, fmt.Errorf("the case has no %s", v)
		}
		return value, nil
	case map[string]any:
		out := make(map[string]any, len(v))
		for k, item := range v {
			filled, err := vars.fill(item)
			if err != nil {
				return nil, err
			}
			out[k] = filled
		}
		return out, nil
	case []any:
		out := make([]any, len(v))
		for i, item := range v {
			var err error
			if out[i], err = vars.fill(item); err != nil {
				return nil, err
			}
		}
		return out, nil
	}
	return v, nil
}

// match says where a value is not what was expected; "" if it is. A variable without a value takes the one that is found.
func (vars variables) match(want, found any, at string) string {
	switch want := want.(type) {
	case string:
		return vars.matchText(want, found, at)
	case map[string]any:
		object, is := found.(map[string]any)
		if !is {
			return fmt.Sprintf("%s: want an object, found %s", at, show(found))
		}
		return vars.matchObject(want, object, at)
	case []any:
		list, is := found.([]any)
		if !is || len(list) != len(want) {
			return fmt.Sprintf("%s: want a list of %d, found %s", at, len(want), show(found))
		}
		for i := range want {
			if diff := vars.match(want[i], list[i], fmt.Sprintf("%s[%d]", at, i)); diff != "" {
				return diff
			}
		}
		return ""
	}
	if want != found {
		return fmt.Sprintf("%s: want %s, found %s", at, show(want), show(found))
	}
	return ""
}

func (vars variables) matchText(want string, found any, at string) string {
	if want == "*" || want == "?" {
		return ""
	}
	if name, is := strings.CutPrefix(want, "$"); is {
		value, known := vars[name]
		if !known {
			vars[name] = found
			return ""
		}
		if reflect.DeepEqual(value, found) {
			return ""
		}
		return fmt.Sprintf("%s: want %s, found %s", at, show(value), show(found))
	}
	if found != want {
		return fmt.Sprintf("%s: want %s, found %s", at, show(want), show(found))
	}
	return ""
}

func (vars variables) matchObject(want, found map[string]any, at string) string {
	keys := make([]string, 0, len(want))
	for k := range want {
		keys = append(keys, k)
	}
	sort.Strings(keys)
	for _, k := range keys {
		item, there := found[k]
		switch {
		case k == "..." || want[k] == "?":
		case !there:
			return fmt.Sprintf("%s.%s is missing", at, k)
		default:
			if diff := vars.match(want[k], item, at+"."+k); diff != "" {
				return diff
			}
		}
	}
	if _, more := want["..."]; more {
		return ""
	}
	for k, item := range found {
		if _, named := want[k]; !named {
			return fmt.Sprintf("%s.%s: want nothing there, found %s", at, k, show(item))
		}
	}
	return ""
}

// show is a value as it stands in a sentence.
func show(v any) string {
	var b bytes.Buffer
	enc := json.NewEncoder(&b)
	enc.SetEscapeHTML(false)
	if err := enc.Encode(v); err != nil {
		return fmt.Sprint(v)
	}
	return clip(strings.TrimSpace(b.String()))
}

func clip(s string) string {
	const most = 160
	if r := []rune(s); len(r) > most {
		return string(r[:most]) + "..."
	}
	return s
}
