package registry_test

import (
	"strings"
	"testing"

	"github.com/go-hotplug/hotplug/registry"
)

func TestHostConstraintExcludesAndNamesBothSides(t *testing.T) {
	s := newShelf(t, 1)
	s.plugin("one/new", "md", "2.0.0", `"host": "^3"`)
	s.plugin("one/old", "md", "1.0.0", `"host": ">=1.2 <3"`)
	s.opts.HostName, s.opts.HostVersion = "docsite", "2.1.0"
	reg := s.scan()
	if chosen(reg) != "md 1.0.0" {
		t.Errorf("chosen %s", chosen(reg))
	}
	want := "md 2.0.0 (" + s.path("one/new") + "): excluded: needs host ^3, this host is docsite 2.1.0\nmd 1.0.0 (" + s.path("one/old") + "): chosen"
	if got := reg.Explain("md").String(); got != want {
		t.Errorf("got\n%s\nwant\n%s", got, want)
	}
}

func TestHostConstraintIsNotCheckedWithoutAHostVersion(t *testing.T) {
	s := newShelf(t, 1)
	s.plugin("one/a", "a", "1.0.0", `"host": "^9"`)
	if got := chosen(s.scan()); got != "a 1.0.0" {
		t.Errorf("chosen %s", got)
	}
}

func TestPinExcludesOtherVersions(t *testing.T) {
	s := newShelf(t, 1)
	s.install("a 1.0.0\na 1.1.0\na 2.0.0")
	for pin, want := range map[string]string{"1.0.0": "a 1.0.0", "^1": "a 1.1.0", "3.0.0": "", "*": "a 2.0.0"} {
		s.opts.Pins = map[string]string{"a": pin}
		reg := s.scan()
		if chosen(reg) != want {
			t.Errorf("pin %s: chosen %q, want %q", pin, chosen(reg), want)
		}
		if pin != "*" {
			contains(t, reg.Explain("a").String(), "excluded: the host pins a to "+pin)
		}
	}
}

func TestDisabledPluginIsNotChosenAndBreaksWhoRequiresIt(t *testing.T) {
	s := newShelf(t, 1)
	s.install("a 1.0.0 -> b *\nb 1.0.0\nc 1.0.0 -> b? *")
	s.opts.Disabled = map[string]bool{"b": true}
	reg := s.scan()
	if chosen(reg) != "c 1.0.0" {
		t.Errorf("chosen %s", chosen(reg))
	}
	if c := only(t, reg, "b"); c.Status != registry.Disabled || c.Reason != "disabled by the host" {
		t.Errorf("got %s", c)
	}
	contains(t, only(t, reg, "a").Reason, "requires b *, which is disabled by the host")
}

func TestDisabledCountsMoreThanBroken(t *testing.T) {
	s := newShelf(t, 1)
	s.plugin("one/a", "a", "1.0.0", `"colour": 1`)
	s.opts.Disabled = map[string]bool{"a": true}
	if c := only(t, s.scan(), "a"); c.Status != registry.Disabled {
		t.Errorf("got %s", c)
	}
}

func TestExplainOfAnUnknownNameNamesTheNearest(t *testing.T) {
	s := newShelf(t, 1)
	s.install("markdown 1.0.0")
	reg := s.scan()
	if got := reg.Explain("markdwon").String(); got != `plugin "markdwon" is not installed: did you mean "markdown"?` {
		t.Errorf("got %s", got)
	}
	if got := reg.Explain("zzz").String(); got != `plugin "zzz" is not installed` {
		t.Errorf("got %s", got)
	}
	if got := reg.Nearest("markdwon"); got != "markdown" {
		t.Errorf("got %q", got)
	}
	if _, ok := reg.Find("markdwon"); ok {
		t.Error("Find found a name that is not installed")
	}
}

func TestExplainGivesOneLinePerCandidate(t *testing.T) {
	s := newShelf(t, 2)
	s.install("md 1.0.0\n@two md 1.0.0\nmd 0.9.0")
	got := strings.Split(s.scan().Explain("md").String(), "\n")
	want := []string{
		"md 1.0.0 (" + s.path("one/md-1.0.0") + "): chosen",
		"md 1.0.0 (" + s.path("two/md-1.0.0") + "): shadowed: the same version in " + s.path("one/md-1.0.0") + " comes first",
		"md 0.9.0 (" + s.path("one/md-0.9.0") + "): shadowed: version 1.0.0 in " + s.path("one/md-1.0.0") + " is higher",
	}
	if strings.Join(got, "\n") != strings.Join(want, "\n") {
		t.Errorf("got\n%s\nwant\n%s", strings.Join(got, "\n"), strings.Join(want, "\n"))
	}
}
