package shape

import (
	"fmt"
	"strings"
)

// suggest is the end of the error for a name that is not among those known.
func suggest(name string, known []string) string {
	if near := nearest(name, known); near != "" {
		return fmt.Sprintf("did you mean %q?", near)
	}
	if len(known) == 0 {
		return "there are no fields here"
	}
	return "the fields are " + clip(strings.Join(known, ", "))
}

// nearest returns the known name that is at most a third of its length away, or "". Case does not count.
func nearest(name string, known []string) string {
	if len(name) > MaxName {
		return ""
	}
	best, least := "", 0
	for _, k := range known {
		d := distance(strings.ToLower(name), strings.ToLower(k))
		if d <= max(1, len(k)/3) && (best == "" || d < least) {
			best, least = k, d
		}
	}
	return best
}

// distance counts the bytes to insert, remove or replace, or the neighbours to swap, that turn a into b.
func distance(a, b string) int {
	var before, last, row []int
	for j := range len(b) + 1 {
		row = append(row, j)
	}
	for i := range len(a) {
		before, last, row = last, row, make([]int, len(b)+1)
		row[0] = i + 1
		for j := range len(b) {
			cost := 1
			if a[i] == b[j] {
				cost = 0
			}
			row[j+1] = min(row[j]+1, last[j+1]+1, last[j]+cost)
			if i > 0 && j > 0 && a[i] == b[j-1] && a[i-1] == b[j] {
				row[j+1] = min(row[j+1], before[j-1]+1)
			}
		}
	}
	return row[len(b)]
}
