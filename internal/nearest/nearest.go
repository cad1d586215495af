// Package nearest finds the name that a misspelt one was probably meant to be: the "did you mean" of every error text.
//
//	nearest.Name("redner", []string{"render", "outline"}) // "render"
//
// It never guesses wildly: what is more than three slips away, or more than a third of the name's length, has no nearest. Case does not
// count. Names are expected to be short: the time it takes grows with the product of two lengths.
package nearest

import "strings"

// Name returns the candidate that begins with name, or else the one with the smallest distance, or "" if none is close. Of equally
// close ones the first wins.
func Name(name string, candidates []string) string {
	if name == "" {
		return ""
	}
	for _, c := range candidates {
		if len(name) >= 3 && strings.HasPrefix(strings.ToLower(c), strings.ToLower(name)) {
			return c
		}
	}
	best, least := "", max(1, min(3, (len(name)+1)/3))+1
	for _, c := range candidates {
		if d := distance(strings.ToLower(name), strings.ToLower(c), least); d < least {
			best, least = c, d
		}
	}
	return best
}

// Slip reports whether two words are the same but for one slip of the finger. Case does not count.
func Slip(a, b string) bool { return distance(strings.ToLower(a), strings.ToLower(b), 2) < 2 }

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
