package shellwords

import (
	"path/filepath"
	"strings"
)

// Line is a command of these words.
func Line(words ...string) string {
	out := make([]string, len(words))
	for i, w := range words {
		out[i] = Word(w)
	}
	return strings.Join(out, " ")
}

// Word quotes what a shell would take apart. Quotes of one kind are understood by every shell but that of Windows' cmd.
func Word(w string) string {
	plainly := func(r rune) bool {
		return r >= 'a' && r <= 'z' || r >= 'A' && r <= 'Z' || r >= '0' && r <= '9' || strings.ContainsRune("/.,_-+:=@%", r) || r == filepath.Separator
	}
	if w != "" && strings.IndexFunc(w, func(r rune) bool { return !plainly(r) }) < 0 {
		return w
	}
	return "'" + strings.ReplaceAll(w, "'", `'\''`) + "'"
}
