package main

import (
	"bytes"
	"fmt"
	"strings"
	"testing"

	"github.com/go-hotplug/hotplug/rpc"
)

func TestProgressIsSilentWhereNobodyLooks(t *testing.T) {
	var out bytes.Buffer
	p := newProgress(&out)
	p.begin("rendering", 2)
	p.say("starting")
	p.step("a.md")
	fmt.Fprintln(p, "a line of the log")
	if got := out.String(); got != "a line of the log\n" {
		t.Errorf("got %q", got)
	}
}

func TestProgressKeepsLogLinesApart(t *testing.T) {
	var out bytes.Buffer
	p := &progress{w: &out, stage: "rendering", total: 2, shown: true}
	p.step("a.md")
	fmt.Fprintln(p, "a line of the log")
	p.say("")
	const line = clearLine + "rendering [############------------]  50%  1 of 2  a.md"
	if got, want := out.String(), line+clearLine+"a line of the log\n"+line[len(clearLine):]+clearLine; got != want {
		t.Errorf("got  %q\nwant %q", got, want)
	}
}

func TestProgressShowsHowFarAPluginSaysItIs(t *testing.T) {
	for want, part := range map[string]rpc.Progress{
		"a.png: 25%": {Done: 1, Total: 4}, "a.png: scaling": {Note: "scaling"}, "a.png: 7": {Done: 7},
		"a.png: 100%": {Done: 1 << 62, Total: 1}, "a.png: 0%": {Done: -1, Total: 1}, "a.png: ?[31m": {Note: "\x1b[31m"},
	} {
		var out bytes.Buffer
		p := &progress{w: &out, stage: "pictures", done: 1, total: 2, shown: true}
		p.within("a.png", part)
		if got, want := out.String(), clearLine+"pictures [############------------]  50%  1 of 2  "+want; got != want || p.done != 1 {
			t.Errorf("got  %q\nwant %q", got, want)
		}
	}
}

func TestBarFitsInALineAndShowsHowFarItIs(t *testing.T) {
	long := strings.Repeat("folder/", 40) + "end.md"
	for _, test := range []struct {
		done, total int
		name, want  string
	}{
		{0, 0, "", "pictures [------------------------]   0%  0 of 0  "},
		{1, 3, "a.md", "pictures [########----------------]  33%  1 of 3  a.md"},
		{3, 3, "\x1b[31m\n.md", "pictures [########################] 100%  3 of 3  ?[31m?.md"},
		{999, 1000, long, "pictures [#######################-]  99%  999 of 1000  .../folder/folder/end.md"},
	} {
		p := &progress{stage: "pictures", done: test.done, total: test.total}
		if got := p.bar(test.name); got != test.want || len(got) > maxLine {
			t.Errorf("got  %q\nwant %q", got, test.want)
		}
	}
}
