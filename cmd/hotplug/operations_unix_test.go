//go:build unix

package main

import (
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
)

// operationsPage shows what commands print of a host that runs.
const operationsPage = "../../docs/operations.md"

var shows = regexp.MustCompile("(?s)<!-- shows: hotplug ([^\n]*) -->\n\n```text\n(.*?)```\n")

// changing is what differs from run to run: times, and the ids of processes.
var changing = regexp.MustCompile(`\d{4}-\d\d-\d\dT[0-9:]+(?:Z|[+-]\d\d:\d\d)|\b\d{2,}\b|\s+`)

func TestThePageOfOperationsShowsWhatTheCommandsPrint(t *testing.T) {
	page, err := filepath.Abs(operationsPage)
	if err != nil {
		t.Fatal(err)
	}
	s := newShelf(t).sample("counter").sample("highlight", `"requires": {"counter": "^1.0"}`)
	t.Chdir(filepath.Dir(s.dir))
	t.Setenv("HOME", t.TempDir())
	h := begin(t, streams{}, "run", "--log-level", "off", "plugins")
	h.line()
	h.line()
	text, err := os.ReadFile(page)
	if err != nil {
		t.Fatal(err)
	}
	seen := 0
	out := shows.ReplaceAllStringFunc(string(text), func(block string) string {
		seen++
		m := shows.FindStringSubmatch(block)
		got := on(t, streams{outTerminal: true}, append(strings.Fields(m[1]), "--no-color")...).exits(t, exitOK)
		printed := strings.ReplaceAll(got.out, filepath.Dir(s.dir), "/srv/app")
		if !*update && changing.ReplaceAllString(printed, " ") != changing.ReplaceAllString(m[2], " ") {
			t.Errorf("%s shows of hotplug %s\n%s\nwant\n%s\nrun go test ./cmd/hotplug -update", operationsPage, m[1], m[2], printed)
		}
		return strings.Replace(block, "```text\n"+m[2], "```text\n"+printed, 1)
	})
	if seen < 5 {
		t.Errorf("%s shows what %d commands print, want more: are the marks written otherwise now?", operationsPage, seen)
	}
	if *update {
		if err := os.WriteFile(page, []byte(out), 0o644); err != nil {
			t.Fatal(err)
		}
	}
}
