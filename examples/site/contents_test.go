package main

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"testing"

	"github.com/go-hotplug/hotplug/rpc"
	"github.com/go-hotplug/hotplug/rpc/rpctest"
	"github.com/go-hotplug/hotplug/sample-plugins/markdown/markdownapi"
	"github.com/go-hotplug/hotplug/sample-plugins/outline/outlineapi"
)

// section is one with others below it. Its id is its text.
func section(id string, below ...outlineapi.Section) outlineapi.Section {
	return outlineapi.Section{ID: id, Text: strings.TrimSuffix(id, "-"), Sections: below}
}

func TestContentsAreThoseOfTheOutline(t *testing.T) {
	nameless := outlineapi.Section{ID: "x", Sections: []outlineapi.Section{section("c"), section("d")}}
	for _, test := range []struct {
		name     string
		sections []outlineapi.Section
		want     string
	}{
		{"nothing", nil, ""},
		{"too short to need one", []outlineapi.Section{section("t", section("a"), section("b"))}, ""},
		{"the title is left out", []outlineapi.Section{section("t", section("a", section("b")), section("c"))}, "0a 1b 0c"},
		{"a title among its like is not", []outlineapi.Section{section("t", section("a")), section("b")}, "0t 1a 0b"},
		{"what is too deep", []outlineapi.Section{section("a", section("b", section("c", section("d")))), section("e")}, "0a 1b 2c 0e"},
		{"a heading without text", []outlineapi.Section{section("a"), nameless}, "0a 0c 0d"},
	} {
		p := &page{outlined: true, sections: test.sections, doc: markdownapi.Document{Headings: make([]markdownapi.Heading, 9)}}
		var got []string
		for _, e := range p.contents() {
			got = append(got, fmt.Sprint(e.Depth, e.ID))
		}
		if strings.Join(got, " ") != test.want {
			t.Errorf("%s: %q, want %q", test.name, got, test.want)
		}
	}
}

func TestAnOutlineThatDoesNotFitThePageIsNotUsed(t *testing.T) {
	peer, _ := rpctest.Pair(t, nil, []rpc.Handler{outlineapi.Headings.Handle(func(_ context.Context, req outlineapi.Request, send func(outlineapi.Heading) error) error {
		return errors.Join(send(outlineapi.Heading{Level: 1, ID: "a"}), send(outlineapi.Heading{Level: 2, ID: req.Source}))
	})})
	for source, fits := range map[string]bool{"b": true, "c": false} {
		p := &page{Project: &project{}, doc: markdownapi.Document{HTML: `<h1 id="a">a</h1><h2 class="x" id="b">b</h2> id="c"`}}
		if err := outline(peer)(t.Context(), p, source); (err == nil) != fits || p.outlined != fits {
			t.Errorf("heading #%s: used %t, %v", source, p.outlined, err)
		}
	}
}

func TestMinutesAreForPeople(t *testing.T) {
	for seconds, want := range map[int]string{0: "", 1: "< 1 min", 29: "< 1 min", 30: "1 min", 89: "1 min", 90: "2 min", 3569: "59 min", 3570: "1 h 00 min", 7500: "2 h 05 min"} {
		if got := minutes(seconds); got != want {
			t.Errorf("%d s: %q, want %q", seconds, got, want)
		}
	}
}
