package document_test

import (
	"slices"
	"strings"
	"testing"

	"github.com/go-hotplug/hotplug/internal/document"
)

func TestBlocksOfADocumentAreFoundByFenceAndLanguage(t *testing.T) {
	text := "see [a](b)\n```go\npackage a\n```\n````text\n```go\nnot code\n```\n````\n- item\n  ```go\n  x := 1\n  ```\nend"
	code := document.Blocks(text, "go")
	want := []document.Block{{Line: 3, Language: "go", Text: "package a\n"}, {Line: 12, Language: "go", Text: "x := 1\n"}}
	if !slices.Equal(code, want) {
		t.Errorf("blocks: got %+v, want %+v", code, want)
	}
	if got := strings.Join(document.Prose(text), "|"); got != "see [a](b)|||||||||- item||||end" {
		t.Errorf("prose: got %q", got)
	}
	if !code[0].IsFile() || code[1].IsFile() || code[0].IsMain() {
		t.Error("a block is a file if it has a package clause, and a program if that is main")
	}
}

const page = "Type:\n\n```console\n$ hotplug new x && cd x\nwrote  x/go.mod\n...\n$ go build .\n```\n\n" +
	"Write:\n\n```go\n// app/main.go\npackage main\n```\n\n```go\npackage a\n```\n\nInto `plugins/x/plugin.json`, unlike `plugin.json`:\n\n" +
	"```json\n{\"manifest\": 1}\n```\n\n```json\n{}\n```\n\n## More\n\n```console\n$ last\n```\n"

func TestAScriptIsTheCommandsAndFilesOfADocumentInOrder(t *testing.T) {
	var got []string
	for _, s := range document.Script(page) {
		got = append(got, s.Command+s.Path+":"+s.Want)
	}
	want := []string{"hotplug new x && cd x:wrote  x/go.mod\n...\n", "go build .:\n", "app/main.go:", "plugins/x/plugin.json:", "last:\n"}
	if !slices.Equal(got, want) {
		t.Errorf("got %q, want %q", got, want)
	}
	if n := len(document.Script(document.Opening(page))); n != 4 {
		t.Errorf("the opening has %d steps, want 4", n)
	}
}

func TestAStageEndsWhereAFileIsReplaced(t *testing.T) {
	text := "```go\n// a.go\npackage a\n```\n```go\npackage x\n```\n```go\n// a.go\npackage b\n```\n```go\nx := 1\n```\n"
	var got []string
	for _, files := range document.Stages(text) {
		for _, f := range files {
			got = append(got, f.Path+" "+strings.Fields(f.Content)[len(strings.Fields(f.Content))-1])
		}
		got = append(got, "|")
	}
	if want := []string{"a.go a", "line6/main.go x", "|", "a.go b", "line6/main.go x", "|"}; !slices.Equal(got, want) {
		t.Errorf("got %q, want %q", got, want)
	}
}

func TestPrintsForgivesTimesWidthsAndWhatIsLeftOut(t *testing.T) {
	for name, c := range map[string]struct {
		want, got string
		fits      bool
	}{
		"the same":             {"a b\n", "a b\n", true},
		"columns":              {"ok  x   0.1s\n", "ok\tx\t(cached)\n", true},
		"another":              {"a\n", "b\n", false},
		"something more":       {"a\n", "a\nb\n", false},
		"something less":       {"a\nb\n", "a\n", false},
		"nothing":              {"", "", true},
		"something for naught": {"\n", "a\n", false},
		"left out":             {"a\n...\nd\n", "a\nb\nc\nd\n", true},
		"nothing left out":     {"a\n...\n", "a\n", true},
		"end is missing":       {"a\n...\nd\n", "a\nb\n", false},
		"a number is no time":  {"1\n", "2\n", false},
	} {
		if document.Prints(c.want, c.got) != c.fits {
			t.Errorf("%s: %q and %q: got %t", name, c.want, c.got, !c.fits)
		}
	}
}
