package hotplug_test

import (
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/go-hotplug/hotplug/internal/document"
)

// A program of testdata/mustnotcompile is refused by the compiler, at the line that ends with a comment of this form, for the reason in it:
//
//	Greet.Call(ctx, peer, "Ada") // wrong: cannot use "Ada"
//	Greet.Call(ctx, peer, Request{}) // right
//
// The line behind it takes its place in the program's twin, which compiles: so that the first is refused for that reason and no other.
var (
	wrongLine = regexp.MustCompile(`(?m)^(.*?)\s*// wrong: (.*)\n(.*?)\s*// right$`)
	programs  = filepath.Join("testdata", "mustnotcompile", "*.go.txt")
)

// A refusal is a program that the compiler has to refuse, with what it has to say, and the twin that it has to take.
type refusal struct{ file, wrong, right, says string }

func refusals(t *testing.T) []refusal {
	t.Helper()
	house(t)
	files, err := filepath.Glob(programs)
	if err != nil || len(files) == 0 {
		t.Fatalf("no programs in %s: %v", programs, err)
	}
	var out []refusal
	for _, file := range files {
		text := read(t, file)
		m := wrongLine.FindStringSubmatch(text)
		if m == nil || len(wrongLine.FindAllString(text, -1)) != 1 {
			t.Errorf("%s: expected one line that ends with // wrong: MESSAGE, and one behind it that ends with // right", file)
			continue
		}
		out = append(out, refusal{
			file: file, says: m[2], wrong: strings.Replace(text, m[0], m[1], 1), right: strings.Replace(text, m[0], m[3], 1),
		})
	}
	return out
}

func TestProgramsThatMisuseAMessageDoNotCompile(t *testing.T) {
	for _, r := range refusals(t) {
		name := strings.TrimSuffix(filepath.Base(r.file), ".go.txt")
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			out, err := vet(t, r.file, "example.com", []document.Step{{Line: 1, Path: "main.go", Content: r.wrong}})
			switch {
			case err == nil:
				t.Errorf("%s compiles; the compiler was expected to say %q", r.file, r.says)
			case !strings.Contains(out, r.says):
				t.Errorf("%s is refused, not with %q but with\n%s", r.file, r.says, out)
			}
			if out, err := vet(t, r.file, "example.com", []document.Step{{Line: 1, Path: "main.go", Content: r.right}}); err != nil {
				t.Errorf("the corrected twin of %s does not compile: %v\n%s", r.file, err, out)
			}
		})
	}
}
