package document

import (
	"regexp"
	"strings"
)

// took is how long the go command says that something took; or that it did not have to do it again.
var took = regexp.MustCompile(`^(?:\d+(?:\.\d+)?s|\(cached\))$`)

// Prints reports whether what a command printed is what a document says: line by line, a line "..." standing for any number of them. The
// width of columns, empty lines at the end, and times do not count.
func Prints(want, got string) bool { return fits(plain(want), plain(got)) }

// plain is the lines of a text, made comparable.
func plain(text string) []string {
	if text = strings.TrimRight(text, "\n"); text == "" {
		return nil
	}
	lines := strings.Split(text, "\n")
	for i, line := range lines {
		words := strings.Fields(line)
		for j, word := range words {
			if took.MatchString(word) {
				words[j] = "0s"
			}
		}
		lines[i] = strings.Join(words, " ")
	}
	return lines
}

func fits(want, got []string) bool {
	switch {
	case len(want) == 0:
		return len(got) == 0
	case want[0] == "...":
		return fits(want[1:], got) || len(got) > 0 && fits(want, got[1:])
	}
	return len(got) > 0 && want[0] == got[0] && fits(want[1:], got[1:])
}
