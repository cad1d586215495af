package main

import (
	"errors"
	"fmt"
	"strings"
	"testing"

	"github.com/go-hotplug/hotplug/rpc"
	"github.com/go-hotplug/hotplug/rpc/rpctest"
	"github.com/go-hotplug/hotplug/sample-plugins/outline/outlineapi"
)

func connect(t testing.TB) rpc.Peer {
	t.Helper()
	p, _ := rpctest.Pair(t, nil, handlers())
	return p
}

// show writes a tree as id(children).
func show(sections []outlineapi.Section) string {
	var all []string
	for _, s := range sections {
		text := s.ID
		if len(s.Sections) > 0 {
			text += "(" + show(s.Sections) + ")"
		}
		all = append(all, text)
	}
	return strings.Join(all, " ")
}

func TestOfPutsEachHeadingBelowTheOneItBelongsTo(t *testing.T) {
	tests := []struct {
		name, source string
		depth        int
		want         string
		count        int
	}{
		{"nothing", "text\n\n```\n# code\n```\n", 0, "", 0},
		{"a title with sections", "# t\n## a\n### b\n## c\n", 0, "t(a(b) c)", 4},
		{"levels left out", "# t\n#### a\n## b\n###### c\n", 0, "t(a b(c))", 4},
		{"it begins below its title", "### a\n## b\n# t\n## c\n", 0, "a b t(c)", 4},
		{"names used twice", "# x\n## x\n## x\n", 0, "x(x-1 x-2)", 3},
		{"a depth", "# t\n## a\n### b\n## b\n", 2, "t(a b-1)", 3},
		{"in quotes and lists", "> # a\n\n- ## b\n", 0, "a(b)", 2},
		{"underlined", "a\n===\nb\n---\n", 0, "a(b)", 2},
	}
	p := connect(t)
	for _, test := range tests {
		got, err := outlineapi.Of.Call(t.Context(), p, outlineapi.Request{Source: test.source, Depth: test.depth})
		if err != nil || show(got.Sections) != test.want || got.Count != test.count {
			t.Errorf("%s: %q, %d sections, %v; want %q, %d", test.name, show(got.Sections), got.Count, err, test.want, test.count)
		}
	}
}

func TestOfTellsTextWithoutMarkup(t *testing.T) {
	got, err := outlineapi.Of.Call(t.Context(), connect(t), outlineapi.Request{Source: "# The `go` *tool* [![badge](b.svg)](x)\n"})
	if err != nil {
		t.Fatal(err)
	}
	if s := got.Sections[0]; s.Text != "The go tool" || s.Level != 1 {
		t.Errorf("got %+v", s)
	}
}

func TestOfKeepsManyHeadingsApart(t *testing.T) {
	var source strings.Builder
	for i := range 10_000 {
		fmt.Fprintf(&source, "%s h\n\n", strings.Repeat("#", 1+i%6))
	}
	got, err := outlineapi.Of.Call(t.Context(), connect(t), outlineapi.Request{Source: source.String()})
	if err != nil || got.Count != 10_000 || len(got.Sections) != 1667 {
		t.Errorf("%d sections, %d of them at the top, %v; want 10000 and 1667", got.Count, len(got.Sections), err)
	}
}

func TestHeadingsComeOneByOneInOrder(t *testing.T) {
	var got []string
	for h, err := range outlineapi.Headings.Open(t.Context(), connect(t), outlineapi.Request{Source: "# t\n### a\n## *b*\n#### c\n", Depth: 3}) {
		if err != nil {
			t.Fatal(err)
		}
		got = append(got, fmt.Sprint(h.Level, h.ID, h.Text))
	}
	if want := "1tt 3aa 2bb"; strings.Join(got, " ") != want {
		t.Errorf("headings %q, want %s", got, want)
	}
}

func TestWhoeverHasSeenEnoughHeadingsLeaves(t *testing.T) {
	p := connect(t)
	seen := 0
	for _, err := range outlineapi.Headings.Open(t.Context(), p, outlineapi.Request{Source: strings.Repeat("# h\n\n", 10_000)}) {
		if seen++; err != nil || seen == 3 {
			break
		}
	}
	if got, err := outlineapi.Of.Call(t.Context(), p, outlineapi.Request{Source: "# t"}); seen != 3 || got.Count != 1 || err != nil {
		t.Errorf("%d seen; afterwards %+v, %v", seen, got, err)
	}
}

func TestHeadingsRefusesWhatItCannotDo(t *testing.T) {
	for _, err := range outlineapi.Headings.Open(t.Context(), connect(t), outlineapi.Request{Depth: 7}) {
		if !errors.Is(err, rpc.Invalid) || !strings.Contains(err.Error(), "depth 7") {
			t.Errorf("error %v, want Invalid with depth 7", err)
		}
		return
	}
	t.Error("no error")
}

func TestOfRefusesWhatItCannotDo(t *testing.T) {
	p := connect(t)
	for want, req := range map[string]outlineapi.Request{
		"depth 7":              {Depth: 7},
		"depth -1":             {Depth: -1},
		"a.md:1: the line is ": {Name: "a.md", Source: strings.Repeat("x", 1<<17)},
	} {
		if _, err := outlineapi.Of.Call(t.Context(), p, req); !errors.Is(err, rpc.Invalid) || !strings.Contains(err.Error(), want) {
			t.Errorf("error %v, want Invalid with %q", err, want)
		}
	}
}
