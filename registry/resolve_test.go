package registry_test

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/go-hotplug/hotplug/registry"
)

func TestScanChoosesTheHighestVersionThatSatisfiesEveryConstraint(t *testing.T) {
	for _, c := range []struct{ claim, installed, chosen, order, why string }{
		{"one plugin", "a 1.0.0", "a 1.0.0", "a", "a: chosen"},
		{"highest wins", "a 1.2.0\na 1.10.0\na 1.9.0", "a 1.10.0", "a", "a: shadowed: version 1.10.0 in"},
		{"release over pre-release", "a 1.0.0-rc.1\na 1.0.0", "a 1.0.0", "a", "a: shadowed: version 1.0.0 in"},
		{"pre-release if there is nothing else", "a 1.0.0-rc.1", "a 1.0.0-rc.1", "a", "a: chosen"},
		{"constraint excludes the highest", "a 1.0.0 -> b ^1\nb 2.0.0\nb 1.5.0\nb 1.2.0", "a 1.0.0, b 1.5.0", "b | a",
			"b: excluded: a 1.0.0 requires b ^1; b: chosen; b: shadowed: version 1.5.0"},
		{"two constraints", "a 1.0.0 -> c >=1\nb 1.0.0 -> c <2\nc 1.0.0\nc 1.9.0\nc 2.1.0", "a 1.0.0, b 1.0.0, c 1.9.0", "c | a b", "c: excluded: b 1.0.0 requires c <2"},
		{"levels", "a 1.0.0 -> b *\nb 1.0.0 -> c *\nc 1.0.0\nd 1.0.0 -> c *\ne 1.0.0", "a 1.0.0, b 1.0.0, c 1.0.0, d 1.0.0, e 1.0.0", "c e | b d | a", ""},
		{"diamond", "a 1.0.0 -> b *, c *\nb 1.0.0 -> d *\nc 1.0.0 -> d ^1\nd 2.0.0\nd 1.0.0", "a 1.0.0, b 1.0.0, c 1.0.0, d 1.0.0", "d | b c | a", "d: excluded: c 1.0.0 requires d ^1"},
		{"earlier folder wins on equal versions", "@two a 1.0.0\n@one a 1.0.0", "a 1.0.0", "a", "a: shadowed: the same version in"},
		{"higher version wins over earlier folder", "@one a 1.0.0\n@two a 1.1.0", "a 1.1.0", "a", "a: shadowed: version 1.1.0 in"},
		{"requirement of an unchosen version counts for nothing", "a 2.0.0\na 1.0.0 -> b ^1\nb 2.0.0\nb 1.0.0", "a 2.0.0, b 2.0.0", "a b", ""},
	} {
		t.Run(c.claim, func(t *testing.T) { checkResolution(t, c.installed, c.chosen, c.order, c.why) })
	}
}

func TestScanBreaksWhatCannotBeServedAndLeavesOthersAlone(t *testing.T) {
	for _, c := range []struct{ claim, installed, chosen, order, why string }{
		{"missing", "a 1.0.0 -> gone ^1\nb 1.0.0", "b 1.0.0", "b", "a: broken: requires gone ^1, which is not installed"},
		{"missing by a typo", "a 1.0.0 -> highlihgt *\nhighlight 1.0.0", "highlight 1.0.0", "highlight", `a: broken: requires highlihgt *, which is not installed ("highlight" is)`},
		{"no version fits", "a 1.0.0 -> b ^9\nb 1.0.0\nb 2.0.0", "b 2.0.0", "b", "a: broken: requires b ^9, found 2.0.0, 1.0.0"},
		{"lower version works", "a 2.0.0 -> gone *\na 1.0.0", "a 1.0.0", "a", "a: broken: requires gone *, which is not installed; a: chosen"},
		{"cascade", "a 1.0.0 -> b *\nb 1.0.0 -> c *\nc 1.0.0 -> gone *\nd 1.0.0", "d 1.0.0", "d",
			"a: broken: requires b *, which is broken: requires c *, which is broken: requires gone *, which is not installed"},
		{"conflict", "a 1.0.0 -> c ^1\nb 1.0.0 -> c ^2\nc 1.0.0\nc 2.0.0\nd 1.0.0", "c 2.0.0, d 1.0.0", "c d",
			"a: broken: conflict over c: a 1.0.0 requires c ^1, b 1.0.0 requires c ^2; no installed version satisfies all (there is 2.0.0, 1.0.0)"},
		{"constraint of a broken plugin does not linger", "a 1.0.0 -> c ^1, gone *\nc 1.0.0\nc 2.0.0", "c 2.0.0", "c", "c: chosen; c: shadowed"},
		{"cycle of two", "a 1.0.0 -> b *\nb 1.0.0 -> a *\nc 1.0.0", "c 1.0.0", "c", "a: broken: requires itself in a circle: a -> b -> a"},
		{"cycle named from each member", "a 1.0.0 -> b *\nb 1.0.0 -> c *\nc 1.0.0 -> a *", "", "", "b: broken: requires itself in a circle: b -> c -> a -> b"},
		{"requirer of a cycle", "a 1.0.0 -> b *\nb 1.0.0 -> a *\nc 1.0.0 -> a *\nd 1.0.0", "d 1.0.0", "d", "c: broken: requires a *, which is broken: requires itself in a circle: a -> b -> a"},
		{"what a cycle requires goes on", "a 1.0.0 -> b *\nb 1.0.0 -> a *, d *\nd 1.0.0", "d 1.0.0", "d", ""},
		{"lower version outside of the cycle", "a 2.0.0 -> b *\na 1.0.0\nb 1.0.0 -> a *", "a 1.0.0", "a", "a: broken: requires itself in a circle: a -> b -> a; a: chosen"},
		{"cycle by a second requirement", "a 1.0.0 -> b *, c *\nb 1.0.0\nc 1.0.0 -> a *", "b 1.0.0", "b", "c: broken: requires itself in a circle: c -> a -> c"},
		{"circle of names, demand after the choice", "a 0.9.0 -> b *\na 1.0.0\na 2.0.0\nb 1.0.0 -> a ^1", "a 1.0.0, b 1.0.0", "a | b", "a: excluded: b 1.0.0 requires a ^1"},
		{"circle of names, optional demand after the choice", "a 0.9.0 -> b *\na 1.0.0\na 2.0.0\nb 1.0.0 -> a? ^1", "a 1.0.0, b 1.0.0", "a | b", "a: excluded: b 1.0.0 requires a? ^1"},
		{"circle of names, hopeless demand after the choice", "a 0.9.0 -> b *\na 1.0.0\nb 1.0.0 -> a ^9", "a 1.0.0", "a", "b: broken: requires a ^9, found 1.0.0, 0.9.0"},
		{"circle of names, hopeless optional demand", "a 0.9.0 -> b *\na 1.0.0\nb 1.0.0 -> a? ^9", "a 1.0.0, b 1.0.0", "a b", "a: chosen"},
		{"circle of names, conflict after the choice", "a 0.9.0 -> b *, c *\na 1.0.0\na 2.0.0\nb 1.0.0 -> a ^1\nc 1.0.0 -> a ^2", "a 2.0.0", "a", "b: broken: conflict over a"},
		{"circle of names, a demand left after an optional one is dropped", "a 0.9.0 -> b *, c *\na 1.0.0\na 2.0.0\na 3.0.0\nb 1.0.0 -> a? ^1\nc 1.0.0 -> a ^2", "a 2.0.0, b 1.0.0, c 1.0.0", "a b | c", "a: excluded: c 1.0.0 requires a ^2"},
		{"circle of names, nothing to choose before the demand", "a 1.0.0 -> gone *, b? *\nb 1.0.0 -> a *", "", "", "b: broken: requires a *, which is broken: requires gone *"},
		{"circle of names, optional demands that disagree", "a 0.9.0 -> b *, c *\na 1.0.0\na 2.0.0\nb 1.0.0 -> a? ^1\nc 1.0.0 -> a ^2", "a 2.0.0, b 1.0.0, c 1.0.0", "a b | c", ""},
		{"circle of names without a circle of versions", "a 1.0.0 -> b ^1\nb 1.0.0\nb 2.0.0 -> a ^1", "a 1.0.0, b 1.0.0", "b | a", "b: excluded: a 1.0.0 requires b ^1"},
	} {
		t.Run(c.claim, func(t *testing.T) { checkResolution(t, c.installed, c.chosen, c.order, c.why) })
	}
}

func TestOptionalRequirementsCountWhileTheyCanBeMet(t *testing.T) {
	for _, c := range []struct{ claim, installed, chosen, order, why string }{
		{"absent", "a 1.0.0 -> gone? *", "a 1.0.0", "a", "a: chosen"},
		{"there", "a 1.0.0 -> z? *\nz 1.0.0", "a 1.0.0, z 1.0.0", "z | a", ""},
		{"picks the version", "a 1.0.0 -> z? ^1\nz 1.0.0\nz 2.0.0", "a 1.0.0, z 1.0.0", "z | a", "z: excluded: a 1.0.0 requires z? ^1"},
		{"no version fits", "a 1.0.0 -> z? ^9\nz 1.0.0", "a 1.0.0, z 1.0.0", "a z", "z: chosen"},
		{"yields to one that is not optional", "a 1.0.0 -> z? ^1\nb 1.0.0 -> z ^2\nz 1.0.0\nz 2.0.0", "a 1.0.0, b 1.0.0, z 2.0.0", "a z | b", ""},
		{"one that cannot be met does not cost another", "a 1.0.0 -> z? ^9\nb 1.0.0 -> z? ^1\nz 1.0.0\nz 2.0.0", "a 1.0.0, b 1.0.0, z 1.0.0", "a z | b", ""},
		{"opens a circle", "a 1.0.0 -> b *\nb 1.0.0 -> a? *", "a 1.0.0, b 1.0.0", "b | a", ""},
		{"what it needs is broken", "a 1.0.0 -> z? *\nz 1.0.0 -> gone *", "a 1.0.0", "a", "z: broken: requires gone *"},
	} {
		t.Run(c.claim, func(t *testing.T) { checkResolution(t, c.installed, c.chosen, c.order, c.why) })
	}
}

// checkResolution installs plugins, scans, and compares; why are parts of what Explain says, in the order of the
// candidates, as "name: text".
func checkResolution(t *testing.T, installed, wantChosen, wantOrder, why string) {
	t.Helper()
	s := newShelf(t, 2)
	s.install(installed)
	reg := s.scan()
	if got := chosen(reg); got != wantChosen {
		t.Errorf("chosen %s\nwant   %s\n%s", got, wantChosen, all(reg))
	}
	if got := order(reg); got != wantOrder {
		t.Errorf("order %s, want %s", got, wantOrder)
	}
	for want := range strings.SplitSeq(why, "; ") {
		name, text, ok := strings.Cut(want, ": ")
		if ok && len(name) < 10 && !strings.Contains(reg.Explain(name).String(), text) {
			t.Errorf("why %s lacks %q:\n%s", name, text, reg.Explain(name))
		}
	}
}

func all(reg *registry.Registry) string {
	var out []string
	for _, c := range reg.Found {
		out = append(out, c.String())
	}
	return strings.Join(out, "\n")
}

func TestDependenciesSayWhatWasTakenAndWhetherItIsNeeded(t *testing.T) {
	s := newShelf(t, 1)
	s.install("a 1.0.0 -> b ^1, c? *, gone? *\nb 1.3.0\nc 2.0.0")
	a, ok := s.scan().Find("a")
	if !ok {
		t.Fatal("a was not chosen")
	}
	got := fmt.Sprint(a.Requires)
	if want := "[{b 1.3.0 ^1 false} {c 2.0.0 * true}]"; got != want {
		t.Errorf("got %s, want %s", got, want)
	}
}

func TestResolutionDoesNotDependOnTheFoldersNames(t *testing.T) {
	lines := []string{"a 1.0.0 -> c ^1", "b 1.0.0 -> c ^2", "b 0.9.0", "c 1.0.0 -> d *", "c 2.0.0", "d 1.0.0 -> a? *"}
	var first string
	for turn := range len(lines) {
		s := newShelf(t, 1)
		for i, line := range slices.Concat(lines[turn:], lines[:turn]) {
			s.install(line)
			name, _, _ := strings.Cut(line, " -> ")
			s.rename("one/"+strings.ReplaceAll(name, " ", "-"), fmt.Sprintf("one/folder%d", i))
		}
		reg := s.scan()
		got := chosen(reg) + " / " + order(reg)
		if first == "" {
			first = got
		}
		if got != first {
			t.Errorf("turn %d: %s, want %s", turn, got, first)
		}
	}
	if want := "b 0.9.0, c 2.0.0, d 1.0.0 / b c d"; first != want {
		t.Errorf("got %s, want %s: a and b 1.0.0 disagree, so both are broken, and b has a lower version", first, want)
	}
}

func TestResolutionOfManyBrokenPluginsEnds(t *testing.T) {
	s := newShelf(t, 1)
	for i := range 150 {
		s.install(fmt.Sprintf("p%d 1.0.0 -> p%d *", i, i+1))
		s.install(fmt.Sprintf("q%d 1.0.0 -> q%d *", i, (i+1)%150))
	}
	if got := chosen(s.scan()); got != "" {
		t.Errorf("chosen %s, want nothing: one chain ends nowhere, the other is a circle", got)
	}
}
