package manifest

import (
	"strings"
	"unicode/utf8"
)

// Nearest is the known word that a misspelt one most likely meant, or "" if none is near. Case does not count.
func Nearest(word string, known []string) string {
	best, least := "", max(1, min(3, utf8.RuneCountInString(word)/2))+1
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
	if near := Nearest(key, known); near != "" {
		return quote(near) + ` (the nearest known key), or a key that begins with "x-"`
	}
	return "one of " + strings.Join(known, ", ") + `, or a key that begins with "x-"`
}

// clip cuts what is too long for an error.
func clip(text string) string {
	const most = 80
	if utf8.RuneCountInString(text) <= most {
		return text
	}
	return string([]rune(text)[:most]) + "..."
}
