package main

import (
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

func TestTheRequirementsInTheCommandAreThoseOfItsModule(t *testing.T) {
	for name, own := range map[string]string{"go.mod": ownMod, "go.sum": ownSum} {
		text, err := os.ReadFile(filepath.Join(checkout(t), name))
		if err != nil {
			t.Fatal(err)
		}
		if string(text) != own {
			t.Errorf("cmd/hotplug/templates has an old %s: cp %s cmd/hotplug/templates/hotplug%s", name, name, filepath.Ext(name))
		}
	}
}

func TestAReleaseWritesItsOwnChecksums(t *testing.T) {
	m := &module{}
	if err := m.require("", release{"v1.2.3", "h1:zip="}); err != nil {
		t.Fatal(err)
	}
	lines := strings.Split(m.sum, "\n")
	for _, want := range []string{hotplugModule + " v1.2.3 h1:zip=", hotplugModule + " v1.2.3/go.mod " + modSum(ownMod)} {
		if !slices.Contains(lines, want) {
			t.Errorf("go.sum lacks %q:\n%s", want, m.sum)
		}
	}
	if len(m.Indirect) < 5 || strings.Contains(m.sum+strings.Join(m.Indirect, " "), "cobra") || strings.Contains(m.sum, "\n\n") {
		t.Errorf("requires %q\n%s", m.Indirect, m.sum)
	}
}

// The sum was written by the go command.
func TestModSumIsTheGoCommands(t *testing.T) {
	const line = "github.com/davecgh/go-spew v1.1.1/go.mod h1:J7Y8YcW2NihsgmVo/mv3lAwl/skON4iLHjSsI+c5H38="
	if got := modSum("module github.com/davecgh/go-spew\n"); !strings.HasSuffix(line, " "+got) {
		t.Errorf("got %s, want that of %s", got, line)
	}
}

func TestAModuleWithoutAChecksumIsTidiedFirst(t *testing.T) {
	for want, m := range map[string]module{
		"go build -o plugins/g/g .":           {Name: "g", Version: "v1.2.3", release: release{"v1.2.3", "h1:"}},
		"go mod tidy":                         {Name: "g", Version: "v1.2.3", release: release{version: "v1.2.3"}},
		"go get " + hotplugModule + "@latest": {Name: "g"},
	} {
		if got := m.next(".", ""); strings.TrimSuffix(got[0], ".exe .") != want && got[0] != want {
			t.Errorf("next: %q, want %s first", got, want)
		}
	}
}
