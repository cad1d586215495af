package main

import (
	"context"
	"encoding/json"
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/go-hotplug/hotplug/rpc"
)

func TestCallPrintsTheAnswerAsJSON(t *testing.T) {
	s := newShelf(t).sample("counter")
	args := []string{"call", s.dir, "counter", "counter.add", `{"by": 2}`}
	for name, c := range map[string]struct {
		got  session
		want string
	}{
		"piped":          {command(t, args...), "{\"value\":2}\n"},
		"terminal":       {atTerminal(t, args...), "{\n  \"value\": 2\n}\n"},
		"--json":         {command(t, append(args, "--json")...), "{\"result\":{\"value\":2}}\n"},
		"no JSON":        {command(t, "call", s.dir, "counter", "counter.get"), "{\"value\":0}\n"},
		"stdin":          {on(t, streams{in: strings.NewReader(" {\"by\": 7}\n")}, "call", s.dir, "counter", "counter.add", "-"), "{\"value\":7}\n"},
		"notice":         {command(t, "call", s.dir, "counter", "counter.bump", `{"by": 1}`), ""},
		"notice as JSON": {command(t, "call", "--json", s.dir, "counter", "counter.bump", `{"by": 1}`), "{\"result\":null}\n"},
	} {
		if c.got.exits(t, exitOK); c.got.out != c.want || c.got.err != "" {
			t.Errorf("%s: want %q, got %s", name, c.want, c.got)
		}
	}
}

func TestCallKeepsIntegersExactWhateverTheSerializer(t *testing.T) {
	for _, serializer := range []string{"MessagePackSerializer", "JsonSerializer"} {
		s := newShelf(t).sample("counter", `"serializer": "`+serializer+`"`).sample("crasher", `"serializer": "`+serializer+`"`)
		for _, n := range []string{"9223372036854775807", "-9223372036854775808", "9007199254740993"} {
			got := command(t, "call", s.dir, "counter", "counter.add", `{"by": `+n+`}`).exits(t, exitOK)
			if want := `{"value":` + n + "}\n"; got.out != want {
				t.Errorf("%s: got %s, want %s", serializer, got, want)
			}
		}
		got := command(t, "call", s.dir, "crasher", "crasher.echo", `{"data": "AP/+"}`).exits(t, exitOK)
		if got.out != "{\"data\":\"AP/+\"}\n" {
			t.Errorf("%s: bytes came back as %s", serializer, got)
		}
	}
}

func TestCallReachesAPluginThatDoesNotSayWhatItHandles(t *testing.T) {
	s := newShelf(t).sample("counter", `"protocol": "isolated-workers/1"`, `"serializer": "JsonSerializer"`)
	got := command(t, "call", s.dir, "counter", "counter.add", `{"by": 7}`).exits(t, exitOK)
	if got.out != "{\"value\":7}\n" {
		t.Errorf("got %s", got)
	}
	lost := command(t, "call", s.dir, "counter", "counter.lost").exits(t, exitUnavailable)
	lost.complains(t, "Unknown message type: counter.lost", `Plugin "counter" does not say which messages it handles`, "compare counter.lost with its documentation")
	stream := command(t, "call", s.dir, "counter", "counter.watch").exits(t, exitAnswer)
	stream.complains(t, "has no streams")
	for _, got := range []session{lost, stream} {
		if strings.Contains(got.err, "--forward") {
			t.Errorf("a plugin that can call nobody is told to forward: %s", got)
		}
	}
}

func TestTheSentenceOfAStockWorkerIsThatOfAMessageItDoesNotHandle(t *testing.T) {
	for _, c := range []struct {
		e    rpc.Error
		want bool
	}{
		{rpc.Error{Code: rpc.Unknown, Message: "Unknown message type: a.b"}, true},
		{rpc.Error{Code: rpc.Unimplemented, NotStarted: true, Message: "no such thing"}, true},
		{rpc.Error{Code: rpc.Unknown, Message: "Unknown message type: of another program"}, false},
		{rpc.Error{Code: rpc.Unimplemented, Message: "what the handler itself called"}, false},
	} {
		if got := saysUnhandled("a.b", &c.e); got != c.want {
			t.Errorf("%v: got %t", &c.e, got)
		}
	}
}

func TestCallStartsOnlyThePluginAndWhatItRequires(t *testing.T) {
	s := newShelf(t).sample("counter", `"requires": {"highlight": "^1.0"}`).sample("highlight").sample("crasher")
	s.file("torn/plugin.json", "{", 0o644)
	got := command(t, "call", "--log-level", "info", s.dir, "counter", "counter.get").exits(t, exitOK)
	for name, want := range map[string]bool{"counter": true, "highlight": true, "crasher": false} {
		if started := strings.Contains(got.err, "plugin ready: plugin="+name); started != want {
			t.Errorf("%s started: %t, want %t: %s", name, started, want, got)
		}
	}
}

func TestCallUsesTheVersionThatAWholeHostWouldChoose(t *testing.T) {
	s := newShelf(t).sampleAs("one", "counter", "1.0.0").sampleAs("two", "counter", "2.0.0").sample("crasher", `"requires": {"counter": "<2"}`)
	got := command(t, "call", "--log-level", "info", s.dir, "counter", "counter.get").exits(t, exitOK)
	if !strings.Contains(got.err, "plugin ready: plugin=counter") || !strings.Contains(got.err, "version=1.0.0") || strings.Contains(got.err, "version=2.0.0") {
		t.Errorf("got %s", got)
	}
}

func TestCallForwardsWhatAPluginCallsOnItsHost(t *testing.T) {
	s := newShelf(t).sample("markdown").sample("highlight")
	payload, err := json.Marshal(map[string]string{"name": "x.md", "source": "```go\nx := 1\n```\n"})
	if err != nil {
		t.Fatal(err)
	}
	args := []string{"call", s.dir, "markdown", "markdown.render", string(payload)}
	const marked = `class=\"chroma\"`
	if got := command(t, args...).exits(t, exitOK); strings.Contains(got.out, marked) {
		t.Errorf("without a forward, want plain code, got %s", got)
	}
	got := command(t, append(args, "--forward", "highlight.highlight=highlight")...).exits(t, exitOK)
	if !strings.Contains(got.out, marked) {
		t.Errorf("with a forward, want marked up code, got %s", got)
	}
	command(t, append(args, "--forward", "highlight.highlight=higlight")...).exits(t, exitUnavailable).complains(t, `plugin "higlight" is not installed: did you mean "highlight"?`)
}

func TestCallLeavesNothingBehind(t *testing.T) {
	s := newShelf(t).sample("counter")
	command(t, "call", s.dir, "counter", "counter.get").exits(t, exitOK)
	left, err := filepath.Glob(filepath.Join(os.Getenv("XDG_CACHE_HOME"), "hotplug", "*"))
	if err != nil || len(left) > 0 {
		t.Errorf("left in the cache: %v, %v", left, err)
	}
	kept := t.TempDir()
	command(t, "call", "--state-dir", kept, s.dir, "counter", "counter.get").exits(t, exitOK)
	if _, err := os.Stat(filepath.Join(kept, "store")); err != nil {
		t.Errorf("the state folder that was named is not used: %v", err)
	}
}

func TestCallWaitsUntilANoticeIsHandled(t *testing.T) {
	s := newShelf(t).sample("crasher")
	command(t, "call", s.dir, "crasher", "crasher.note", `{"text": "x", "holdMs": 300}`).exits(t, exitOK)
	command(t, "call", "--timeout", "200ms", s.dir, "crasher", "crasher.note", `{"text": "x", "holdMs": 600}`).exits(t, exitUnavailable).
		complains(t, "crasher.note was sent, and not handled in time: no answer within 200ms (--timeout)")
}

func TestAnInterruptedCallExits130(t *testing.T) {
	s := newShelf(t).sample("counter")
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	within(ctx, streams{}, "call", s.dir, "counter", "counter.get").exits(t, exitInterrupted).complains(t, "interrupted: ")
	endless, end := io.Pipe()
	defer end.Close()
	reading, stop := context.WithCancel(t.Context())
	within(reading, streams{in: readerFunc(func(b []byte) (int, error) { stop(); return endless.Read(b) })}, "call", s.dir, "counter", "counter.add", "-").
		exits(t, exitInterrupted).complains(t, "while the payload was read from stdin")
	within(ctx, streams{}, "list", s.dir).exits(t, exitInterrupted)
	within(ctx, streams{}, "why", s.dir, "counter").exits(t, exitInterrupted)
	within(ctx, streams{}, "describe", s.dir).exits(t, exitInterrupted)
	within(ctx, streams{}, "init", filepath.Join(built, exe("counter"))).exits(t, exitInterrupted)
	for _, how := range []string{"--launch=false", "--launch"} {
		within(ctx, streams{}, "describe", how, filepath.Join(s.dir, "counter")).exits(t, exitInterrupted).complains(t, "interrupted: describe "+filepath.Join(s.dir, "counter"))
	}
	within(ctx, streams{}, "run", "--log-level", "off", "--state-dir", t.TempDir(), s.dir).exits(t, exitInterrupted)
}
