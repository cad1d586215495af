//go:build linux

package e2e_test

import (
	"encoding/json"
	"os"
	"regexp"
	"slices"
	"strings"
	"testing"
)

// The page of errors is the golden file of the tests whose names begin with TestErrors: each of them produces the errors of one of its
// sections, and fails on an error that is not there and on a line that no error was for.
const errorsPage = "../docs/errors.md"

// A row is a line of one of the page's tables: the text of an error, its cause and its remedy.
type row struct {
	section, text string
	pattern       *regexp.Regexp
	literal       int // characters of the text that are no placeholder's
	met           bool
}

// placeholders are the words in capitals that stand for something in a text. Other words in capitals mean themselves.
var placeholders = map[string]string{
	"CAUSE": `(?s:.+)`, "TEXT": `(?s:.+)`, "LIST": `.+`, "VALUE": `.+?`, "FIELD": `[^"]+`, "PLACE": `.+?`, "TYPE": `[^"]+?`,
	"NAME": `[A-Za-z][\w.-]*`, "VERSION": `[0-9][\w.+-]*`, "CONSTRAINT": `[^,:]+?`, "MESSAGE": `[\w.-]+`, "SERIALIZER": `\w*`,
	"N": `(?:-?[0-9]+|N)`, "0xNN": `0x[0-9a-f]{2}`, "TIME": `-?[0-9.]+(?:ns|µs|ms|s|m|h)[0-9msh.]*`, "MODE": `[-0-9a-zA-Z]+`, "HASH": `[0-9a-f]{64}`,
	"PATH": `[^\s]+`, "PLATFORM": `\w+(?:/\w+)?`, "EXIT": `(?:exit status [0-9]+|killed by SIG[A-Z0-9]+)(?: \((?s:.+)\))?`, "STATE": `[a-z]+`,
}

var placeholder = regexp.MustCompile(`\b(?:0xNN|[A-Z]+)\b`)

// isPlaceholder reports whether a word stands for something.
func isPlaceholder(word string) bool { return placeholders[word] != "" }

// newRow reads the text of an error: it may begin and end with dots where there is more in front and behind.
func newRow(section, text string) *row {
	r := &row{section: section, text: text}
	body, before, after := text, "^", "$"
	if rest, ok := strings.CutPrefix(body, "... "); ok {
		body, before = rest, `(?s)^(?:.*[\s(])?`
	}
	if rest, ok := strings.CutSuffix(body, "..."); ok {
		body, after = rest, `(?s:.*)$`
	}
	quoted := placeholder.ReplaceAllStringFunc(regexp.QuoteMeta(body), func(word string) string {
		if isPlaceholder(word) {
			return placeholders[word]
		}
		return word
	})
	quoted = strings.ReplaceAll(quoted, " ", `\s`) // a text may have more than one line
	r.pattern = regexp.MustCompile(before + quoted + after)
	r.literal = len(placeholder.ReplaceAllStringFunc(body, func(word string) string {
		if isPlaceholder(word) {
			return ""
		}
		return word
	}))
	return r
}

var rowLine = regexp.MustCompile("^\\| (`+) ?(.+?) ?(`+) \\| (.*) \\| (.*) \\|$")

// A chapter is what the page says in one of its sections.
type chapter struct {
	t    *testing.T
	name string
	rows []*row
}

// errorRows is every line of the page's tables of errors.
func errorRows(t *testing.T) []*row {
	t.Helper()
	text, err := os.ReadFile(errorsPage)
	if err != nil {
		t.Fatal(err)
	}
	var rows []*row
	section := ""
	for i, line := range strings.Split(string(text), "\n") {
		if heading, ok := strings.CutPrefix(line, "## "); ok {
			section = heading
		}
		if !strings.HasPrefix(line, "| `") || section == generatedSection || section == legendSection {
			continue
		}
		m := rowLine.FindStringSubmatch(line)
		if m == nil || strings.TrimSpace(m[4]) == "" || strings.TrimSpace(m[5]) == "" {
			t.Errorf("%s:%d: expected a text in backticks, a cause and a remedy, found %s", errorsPage, i+1, line)
			continue
		}
		r := newRow(section, strings.ReplaceAll(m[2], `\|`, "|"))
		if r.literal < 6 {
			t.Errorf("%s:%d: %q could be any error", errorsPage, i+1, r.text)
		}
		rows = append(rows, r)
	}
	return rows
}

// legendSection explains the placeholders, logSection has the messages of the log.
const (
	legendSection = "How to read a text"
	logSection    = "What the log says"
)

// openChapter reads a section of the page. At the test's end each of its lines must have been met.
func openChapter(t *testing.T, name string) *chapter {
	t.Helper()
	c := &chapter{t: t, name: name}
	for _, r := range errorRows(t) {
		if r.section == name {
			c.rows = append(c.rows, r)
		}
	}
	if len(c.rows) == 0 {
		t.Fatalf("%s has no section %q with errors", errorsPage, name)
	}
	t.Cleanup(c.complete)
	return c
}

// openPart is openChapter for the lines that begin with one of these words.
func openPart(t *testing.T, name string, beginnings ...string) *chapter {
	t.Helper()
	c := openChapter(t, name)
	for _, r := range c.rows {
		r.met = !c.beginsWith(r, beginnings)
	}
	return c
}

// beginsWith reports whether a line begins with one of these words.
func (c *chapter) beginsWith(r *row, beginnings []string) bool {
	return slices.ContainsFunc(beginnings, func(b string) bool { return strings.HasPrefix(strings.TrimPrefix(r.text, "... "), b) })
}

// fits checks that an error fits the line that begins with these words, though another may fit it better.
func (c *chapter) fits(begin string, err error) {
	c.t.Helper()
	for _, r := range c.rows {
		if c.beginsWith(r, []string{begin}) && err != nil && r.pattern.MatchString(err.Error()) {
			r.met = true
			return
		}
	}
	c.t.Errorf("under %q nothing that begins with %q fits this error:\n%v", c.name, begin, err)
}

// meets checks that an error stands in the chapter, in the line that fits it best.
func (c *chapter) meets(err error) {
	c.t.Helper()
	if err == nil {
		c.t.Errorf("no error, one that stands under %q was expected", c.name)
		return
	}
	c.says(err.Error())
}

func (c *chapter) says(text string) {
	c.t.Helper()
	var best *row
	for _, r := range c.rows {
		if r.pattern.MatchString(text) && (best == nil || r.literal > best.literal) {
			best = r
		}
	}
	if best == nil {
		c.t.Errorf("%s does not have this error under %q:\n%s", errorsPage, c.name, text)
		return
	}
	best.met = true
}

// Why a text of the page is not produced here.
const (
	otherSystem = "only another operating system says it"
	shortage    = "it takes a machine without memory, space, descriptors or processes; some are produced beside the code, in internal/proc and internal/store"
	byLuck      = "it takes a moment that cannot be chosen, or a failing system call"
	network     = "it takes a network file system"
	otherUser   = "it takes another user, and tests may run as root, whom no mode keeps out"
	elsewhere   = "a peer or launcher that is made for it stands in the tests of the package that says it"
	unbuilt     = "it takes a program that no test builds: a release of the command, a plugin of a later version, or one without handlers"
	wrapper     = "it stands in front of others, and is compared with them"
)

// asWritten marks texts that are not produced here, and says why. Of them only the words are compared with the sources.
func (c *chapter) asWritten(_ string, beginnings ...string) {
	c.t.Helper()
	for _, begin := range beginnings {
		i := slices.IndexFunc(c.rows, func(r *row) bool { return strings.HasPrefix(strings.TrimPrefix(r.text, "... "), begin) })
		switch {
		case i < 0:
			c.t.Errorf("%s has nothing under %q that begins with %q", errorsPage, c.name, begin)
		case !slices.ContainsFunc(errorTexts(c.t), func(e errorText) bool { return e.isOn(c.rows[i]) }):
			c.t.Errorf("no source has this text, which %s has under %q:\n%s", errorsPage, c.name, c.rows[i].text)
		default:
			c.rows[i].met = true
		}
	}
}

// complete fails the test if the page has an error that nothing produced.
func (c *chapter) complete() {
	for _, r := range c.rows {
		if !r.met && !c.t.Failed() && !c.t.Skipped() {
			c.t.Cleanup(func() { c.t.Errorf("%s has an error under %q that nothing produces:\n%s", errorsPage, c.name, r.text) })
		}
	}
}

func jsonOf(t *testing.T, v any) []byte {
	t.Helper()
	text, err := json.Marshal(v)
	if err != nil {
		t.Fatal(err)
	}
	return text
}
