package manifest

import (
	"reflect"
	"strings"
	"unicode/utf8"
)

// Nearest is the known word that a misspelt one most likely meant, or "" if none is near. Case does not count.
func Nearest(word string, known []string) string {
	for _, k := range known {
		if len(word) >= 3 && strings.HasPrefix(strings.ToLower(k), strings.ToLower(word)) {
			return k
		}
	}
	best, least := "", max(1, min(3, (len(word)+1)/3))+1
	for _, k := range known {
		if n := distance(strings.ToLower(word), strings.ToLower(k), least); n < least {
			best, least = k, n
		}
	}
	return best
}

// distance counts the insertions, deletions, replacements and swaps of neighbours between two words; it answers most
// as soon as it is clear that there are at least so many.
func distance(a, b string, most int) int {
	if d := len(a) - len(b); d >= most || -d >= most {
		return most
	}
	before, last := make([]int, len(b)+1), make([]int, len(b)+1)
	for j := range last {
		last[j] = j
	}
	for i := 1; i <= len(a); i++ {
		row := make([]int, len(b)+1)
		row[0] = i
		for j := 1; j <= len(b); j++ {
			cost := 1
			if a[i-1] == b[j-1] {
				cost = 0
			}
			row[j] = min(last[j]+1, row[j-1]+1, last[j-1]+cost)
			if i > 1 && j > 1 && a[i-1] == b[j-2] && a[i-2] == b[j-1] {
				row[j] = min(row[j], before[j-2]+1)
			}
		}
		before, last = last, row
	}
	return min(last[len(b)], most)
}

// didYouMean is ` (did you mean "x"?)` or nothing.
func didYouMean(word string, known []string) string {
	if near := Nearest(word, known); near != "" {
		return " (did you mean " + quote(near) + "?)"
	}
	return ""
}

// nearestKey says which key was meant, or which there are.
func nearestKey(key string, known []string) string {
	near := Nearest(key, known)
	// One slip of the finger is likelier than the wrong place: "timeout" means timeouts, not disconnect.timeout.
	slip := near != "" && distance(strings.ToLower(key), strings.ToLower(near), 2) < 2
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
