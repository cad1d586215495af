// Package nearest finds the name that a misspelt one was probably meant to be: the "did you mean" of every error text.
//
//	nearest.Name("redner", []string{"render", "outline"}) // "render"
//
// It never guesses wildly: a name further away than a third of its length has no nearest.
package nearest

// Name returns the candidate with the smallest edit distance to name, or "" if none is close. Of equally close ones the first wins.
func Name(name string, candidates []string) string {
	if name == "" {
		return ""
	}
	best, limit := "", max(1, len(name)/3)+1
	for _, c := range candidates {
		if d := distance(name, c); d < limit {
			best, limit = c, d
		}
	}
	return best
}

// distance is the Levenshtein distance in bytes.
func distance(a, b string) int {
	row := make([]int, len(b)+1)
	for j := range row {
		row[j] = j
	}
	for i := range len(a) {
		diagonal := row[0]
		row[0] = i + 1
		for j := range len(b) {
			cost := diagonal
			if a[i] != b[j] {
				cost = 1 + min(diagonal, row[j], row[j+1])
			}
			diagonal, row[j+1] = row[j+1], cost
		}
	}
	return row[len(b)]
}
