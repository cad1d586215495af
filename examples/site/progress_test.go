package main

import (
	"bytes"
	"fmt"
	"testing"
)

func TestProgressIsSilentWhereNobodyLooks(t *testing.T) {
	var out bytes.Buffer
	p := newProgress(&out, 2)
	p.say("starting")
	p.step("a.md")
	fmt.Fprintln(p, "a line of the log")
	if got := out.String(); got != "a line of the log\n" {
		t.Errorf("got %q", got)
	}
}

func TestProgressKeepsLogLinesApart(t *testing.T) {
	var out bytes.Buffer
	p := &progress{w: &out, total: 2, shown: true}
	p.step("a.md")
	fmt.Fprintln(p, "a line of the log")
	p.say("")
	const line = clearLine + "rendered 1 of 2  a.md"
	if got, want := out.String(), line+clearLine+"a line of the log\n"+line[len(clearLine):]+clearLine; got != want {
		t.Errorf("got  %q\nwant %q", got, want)
	}
}
