package manifest

import (
	"fmt"
	"sort"
	"strconv"
	"strings"
	"unicode/utf8"
)

// maxProblems is how many problems of one file are reported; the rest is counted.
const maxProblems = 50

// Problem is one thing that is wrong in a manifest, and where.
type Problem struct {
	File   string
	Line   int    // from 1
	Column int    // from 1, in characters
	Key    string // path of the key, such as timeouts.start or files[2]; empty for the file as a whole
	Found  string // what is there
	Want   string // what is allowed there
}

// Error is file:line:column: key: found ..., want ...
func (p Problem) Error() string {
	text := fmt.Sprintf("%s:%d:%d: ", p.File, p.Line, p.Column)
	if p.Key != "" {
		text += p.Key + ": "
	}
	return text + "found " + p.Found + ", want " + p.Want
}

// Error is every problem of one manifest, in the order of the file.
type Error struct {
	File     string
	Name     string // the plugin's name, if the file states a valid one
	Problems []Problem
	More     int // problems beyond those in Problems
}

// Error is one line per problem.
func (e *Error) Error() string {
	lines := make([]string, 0, len(e.Problems)+1)
	for _, p := range e.Problems {
		lines = append(lines, p.Error())
	}
	if e.More > 0 {
		lines = append(lines, fmt.Sprintf("%s: and %d more problems", e.File, e.More))
	}
	return strings.Join(lines, "\n")
}

// Unwrap gives each problem to errors.As.
func (e *Error) Unwrap() []error {
	errs := make([]error, len(e.Problems))
	for i, p := range e.Problems {
		errs[i] = p
	}
	return errs
}

// Warning is a key that is understood and has no effect in this version.
type Warning struct {
	File   string
	Line   int
	Column int
	Key    string
	Text   string
}

// String is file:line:column: key: text.
func (w Warning) String() string {
	return fmt.Sprintf("%s:%d:%d: %s: %s", w.File, w.Line, w.Column, w.Key, w.Text)
}

// Warnings are the warnings of one manifest, in the order of the file.
type Warnings []Warning

// finding is a problem or a warning whose place is still a byte offset.
type finding struct {
	offset           int
	key, found, want string
}

// sortByPlace orders findings as the file does; findings of one place keep their order.
func sortByPlace(fs []finding) {
	sort.SliceStable(fs, func(i, j int) bool { return fs[i].offset < fs[j].offset })
}

// place is the line and column of a byte offset.
func place(data []byte, offset int) (line, column int) {
	head := string(data[:min(offset, len(data))])
	start := strings.LastIndexByte(head, '\n') + 1
	return strings.Count(head, "\n") + 1, utf8.RuneCountInString(head[start:]) + 1
}

// quote is strconv.Quote for a value of any length: what is too long is cut.
func quote(text string) string {
	const most = 60
	if utf8.RuneCountInString(text) <= most {
		return strconv.Quote(text)
	}
	return strconv.Quote(string([]rune(text)[:most])) + "..."
}
