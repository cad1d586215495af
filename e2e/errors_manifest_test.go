//go:build linux

package e2e_test

import (
	"flag"
	"fmt"
	"os"
	"strings"
	"testing"
)

var update = flag.Bool("update", false, "write the page's section on manifests anew")

// generatedSection is written from the golden file of package manifest, which that package's tests hold against what it says.
const (
	generatedSection = "Problems of a manifest"
	manifestGolden   = "../manifest/testdata/errors.golden"
)

const aboutManifests = "Each is one line, `PATH:N:N: KEY: found ..., want ...`: the file, line and column, the key with the way to it, what is there, and\n" +
	"what is allowed, which is the remedy. All problems of a file are reported at once, up to 50; `hotplug validate` prints them with\n" +
	"the warnings, such as `has no effect in this version; it is accepted and ignored`. One example of each kind\n" +
	"(but for an empty file, a byte order mark, bytes that are not UTF-8, and more than 100 levels):\n"

// manifestProblems are the problems on record, one for each that is wanted instead: what was written, and what is said of it.
func manifestProblems(t *testing.T) [][2]string {
	t.Helper()
	text, err := os.ReadFile(manifestGolden)
	mustDo(t, err)
	var out [][2]string
	seen := map[string]bool{}
	written := ""
	for _, line := range strings.Split(strings.TrimSpace(string(text)), "\n") {
		said, isSaid := strings.CutPrefix(line, "    plugin.json:")
		if !isSaid {
			written = line
			continue
		}
		_, want, _ := strings.Cut(said, ", want ")
		if kind := kindOfWant(want); !seen[kind] {
			seen[kind] = true
			out = append(out, [2]string{written, afterPlace(said)})
		}
	}
	return out
}

// kindOfWant is the same for texts that differ in a key's name only.
func kindOfWant(want string) string {
	if _, why, ok := strings.Cut(want, `" (`); ok && strings.HasPrefix(want, `"`) {
		return why
	}
	return want
}

// afterPlace is a problem without line and column.
func afterPlace(said string) string {
	_, rest, _ := strings.Cut(said, ": ")
	return rest
}

func manifestSection(t *testing.T) string {
	t.Helper()
	var b strings.Builder
	fmt.Fprintf(&b, "\n%s\n| in plugin.json | it says |\n| --- | --- |\n", aboutManifests)
	for _, p := range manifestProblems(t) {
		fmt.Fprintf(&b, "| %s | %s |\n", code(p[0]), code(p[1]))
	}
	return b.String() + "\n"
}

// code is a cell of a table that is shown as it is. What is very long is cut.
func code(text string) string {
	const most = 300
	if len(text) > most {
		text = text[:most] + "..."
	}
	return "`" + strings.ReplaceAll(text, "|", `\|`) + "`"
}

func TestErrorsOfManifestsStandOnThePage(t *testing.T) {
	text, err := os.ReadFile(errorsPage)
	mustDo(t, err)
	head, rest, found := strings.Cut(string(text), "\n## "+generatedSection+"\n")
	got, tail, more := strings.Cut(rest, "## ")
	if !found || !more {
		t.Fatalf("%s has no section %q with another behind it", errorsPage, generatedSection)
	}
	want := manifestSection(t)
	if *update {
		mustDo(t, os.WriteFile(errorsPage, []byte(head+"\n## "+generatedSection+"\n"+want+"## "+tail), 0o644))
		return
	}
	if got != want {
		t.Errorf("the section %q of %s is not what %s has: run this test with -update", generatedSection, errorsPage, manifestGolden)
	}
}
