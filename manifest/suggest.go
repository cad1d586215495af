package manifest

import (
	"reflect"
	"strings"
	"unicode/utf8"

	"github.com/go-hotplug/hotplug/internal/nearest"
)

// didYouMean is ` (did you mean "x"?)` or nothing.
func didYouMean(word string, known []string) string {
	if near := nearest.Name(word, known); near != "" {
		return " (did you mean " + quote(near) + "?)"
	}
	return ""
}

// nearestKey says which key was meant, or which there are.
func nearestKey(key string, known []string) string {
	near := nearest.Name(key, known)
	// One slip of the finger is likelier than the wrong place: "timeout" means timeouts, not disconnect.timeout.
	slip := near != "" && nearest.Slip(key, near)
	if elsewhere := pathOf(reflect.TypeFor[Manifest](), key, ""); elsewhere != "" && !slip {
		return quote(elsewhere) + " (that is where this key belongs)"
	}
	if near != "" {
		return quote(near) + " (the nearest known key)"
	}
	return "one of " + strings.Join(known, ", ") + `, or a key that begins with "x-"`
}

// pathOf is where below a struct a key is known, "" if nowhere.
func pathOf(t reflect.Type, key, path string) string {
	for i := range t.NumField() {
		f := t.Field(i)
		here := strings.TrimPrefix(path+"."+keyOf(f), ".")
		if keyOf(f) == key {
			return here
		}
		if _, isLeaf := leaves[f.Type]; isLeaf || f.Type.Kind() != reflect.Struct || f.Type == reflect.TypeFor[Entry]() {
			continue
		}
		if below := pathOf(f.Type, key, here); below != "" {
			return below
		}
	}
	return ""
}

// clip cuts what is too long for an error.
func clip(text string) string {
	const most = 80
	if utf8.RuneCountInString(text) <= most {
		return text
	}
	return string([]rune(text)[:most]) + "..."
}
