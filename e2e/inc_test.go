//go:build linux

package e2e_test

import (
	"errors"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/go-hotplug/hotplug/internal/conformance"
	"github.com/go-hotplug/hotplug/internal/document"
	"github.com/go-hotplug/hotplug/rpc"
)

// pluginInC is the section of the protocol's page with a program.
const pluginInC = "## A plugin in C\n"

// sectionInC is what that section says.
func sectionInC(t *testing.T) string {
	t.Helper()
	_, section, found := strings.Cut(textOf(t, "docs/protocol.md"), "\n"+pluginInC)
	if !found {
		t.Fatalf("docs/protocol.md has no %q", pluginInC)
	}
	section, _, _ = strings.Cut(section, "\n## ")
	return section
}

// only is the one block in a language.
func only(t *testing.T, text, language string) string {
	t.Helper()
	blocks := document.Blocks(text, language)
	if len(blocks) != 1 {
		t.Fatalf("want one block of %s under %q, found %d", language, pluginInC, len(blocks))
	}
	return blocks[0].Text
}

// buildInC does in a folder what the section says; it skips the test where that cannot be done.
func buildInC(t *testing.T, dir string) {
	t.Helper()
	if _, err := exec.LookPath("cc"); err != nil {
		t.Skip("cc is not in PATH: install a C compiler to test the plugin in C of docs/protocol.md (make test-all insists on it)")
	}
	section := sectionInC(t)
	for name, language := range map[string]string{"greeter.c": "c", "plugin.json": "json"} {
		mustDo(t, os.WriteFile(filepath.Join(dir, name), []byte(only(t, section, language)), 0o644))
	}
	words := strings.Fields(only(t, section, "sh"))
	if words[0] != "cc" || !slices.Contains(words, "-Werror") {
		t.Fatalf("want a command of cc that takes warnings for errors, found %q", words)
	}
	cmd := exec.Command(words[0], words[1:]...)
	cmd.Dir = dir
	if out, err := cmd.CombinedOutput(); err != nil {
		t.Fatalf("%q: %v\n%s", words, err, out)
	}
}

func TestThePluginInCIsOfAtMost120Lines(t *testing.T) {
	if n := strings.Count(only(t, sectionInC(t), "c"), "\n"); n > 120 {
		t.Errorf("it has %d lines", n)
	}
}

func TestThePluginInCAnswersRefusesWhatItDoesNotKnowAndLeaves(t *testing.T) {
	s := newSite(t)
	dir := filepath.Join(s.plugins, "greeter")
	mustDo(t, os.Mkdir(dir, 0o755))
	buildInC(t, dir)
	h := s.open()
	p := h.Plugin("greeter")
	for _, name := range []string{"Ada", "Zoë \"漢字\" \\ 🦦\n", strings.Repeat("n", 200_000), ""} {
		got, err := rpc.Query[person, greeting]("greet").Call(t.Context(), p, person{Name: name})
		if err != nil || got.Text != "Hello, "+name {
			t.Errorf("greet %.40q: %.60q, %v", name, got.Text, err)
		}
	}
	var reply any
	err := p.Invoke(t.Context(), &rpc.Message{Kind: rpc.KindMethod, Type: rpc.ReservedPrefix + "nothing"}, &reply) // others a host does not send: it knows what is handled
	failure, ok := errors.AsType[*rpc.Error](err)
	if !ok || failure.Code != rpc.Unimplemented || !failure.NotStarted || failure.Message != "handled is greet alone" {
		t.Errorf("an unknown message: %v", err)
	}
	s.close(h)
	if d, ok := s.shutdown("greeter"); !ok || !d.Asked || d.Code != 0 {
		t.Errorf("asked to leave, it ended with %+v, want exit status 0", d)
	}
}

func TestThePluginInCPassesAllCasesButThoseThatThePageNames(t *testing.T) {
	dir := t.TempDir()
	buildInC(t, dir)
	report, err := conformance.Run(t.Context(), conformance.Target{Path: filepath.Join(dir, "greeter")}, conformance.Options{})
	mustDo(t, err)
	section := sectionInC(t)
	for _, r := range report.Results {
		if named := strings.Contains(section, "`"+r.Case+"`"); named != (r.Status == conformance.Failed) {
			t.Errorf("%s: %s, and the page names it as one that fails: %t; %s", r.Case, r.Status, named, r.Why)
		}
	}
}
