package main

import (
	"context"
	"errors"
	"strings"
	"testing"
	"time"

	"github.com/go-hotplug/hotplug/rpc"
)

func TestCallNamesTheNearestOfWhatIsMisspelt(t *testing.T) {
	s := newShelf(t).sample("counter").sample("highlight")
	s.file("gone/plugin.json", manifestText("gone", "1.0.0", "gone"), 0o644)
	for _, c := range []struct {
		plugin, message, want string
	}{
		{"conter", "counter.get", `plugin "conter" is not installed: did you mean "counter"?`},
		{"thumbnail", "x", `plugin "thumbnail" is not installed: installed are counter, highlight`},
		{"gone", "x", "gone 1.0.0 (" + s.dir + "/gone): broken: entry gone does not exist"},
		{"counter", "counter.gte", `plugin "counter" does not handle message "counter.gte": did you mean "counter.get"?`},
		{"counter", "resize", `plugin "counter" does not handle message "resize": it handles counter.add, counter.addAll, counter.bump, counter.get, counter.watch`},
	} {
		command(t, "call", s.dir, c.plugin, c.message).exits(t, exitUnavailable).complains(t, c.want)
	}
	command(t, "call", t.TempDir(), "counter", "counter.get").exits(t, exitUnavailable).complains(t, `plugin "counter" is not installed: there is no plugin in `)
	command(t, "call", s.dir+"-not", "counter", "counter.get").exits(t, exitHost)
}

func TestCallNamesTheFieldThatDoesNotFit(t *testing.T) {
	s := newShelf(t).sample("counter")
	for payload, want := range map[string]string{
		`{"bye": 1}`:                  `counter.add: field "bye" is unknown: did you mean "by"?`,
		`{"by": "x"}`:                 `counter.add: field "by": expected int64, found string "x"`,
		`{"by": 9223372036854775808}`: `counter.add: field "by": 9223372036854775808 does not fit into int64`,
		`{"by": 1.5}`:                 `counter.add: field "by": expected int64, found number 1.5`,
		`{"by": `:                     "the payload is not JSON: unexpected end of JSON input",
		`[]`:                          "counter.add: the value: expected {by int64}, found a list of 0",
	} {
		command(t, "call", s.dir, "counter", "counter.add", payload).exits(t, exitUsage).complains(t, want)
	}
	command(t, "call", s.dir, "counter", "counter.add").exits(t, exitUsage).complains(t, "counter.add takes {by int64}: give it as JSON")
}

func TestAPluginsErrorIsShownWithItsCode(t *testing.T) {
	s := newShelf(t).sample("crasher")
	args := []string{"call", s.dir, "crasher", "crasher.fail", `{"code": "Denied", "message": "not yours", "details": {"owner": "root"}, "causes": 1}`}
	command(t, args...).exits(t, exitAnswer).complains(t, "hotplug: crasher.fail: Denied: not yours")
	got := command(t, append(args, "--json")...).exits(t, exitAnswer)
	answer := decoded[struct{ Error *rpc.Error }](t, got).Error
	if answer == nil || answer.Code != rpc.Denied || answer.Details["owner"] != "root" || answer.Cause == nil || answer.Origin != rpc.FromPlugin {
		t.Errorf("want the whole error, got %s", got)
	}
	if !strings.HasPrefix(got.err, "hotplug: crasher.fail: Denied: ") {
		t.Errorf("stderr: %s", got.err)
	}
	command(t, "call", s.dir, "crasher", "crasher.panic", `{"text": "ouch"}`).exits(t, exitAnswer).complains(t, "crasher.panic: Internal: ", "ouch")
}

func TestAPluginThatCallsAnotherHostIsExplained(t *testing.T) {
	s := newShelf(t).sample("crasher")
	command(t, "call", s.dir, "crasher", "crasher.callHost", `{"type": "host.readAsset"}`).exits(t, exitAnswer).
		complains(t, "Unimplemented: ", `message "host.readAsset" is not handled`, `Plugin "crasher" called something that this generic host does not answer`, "--forward MESSAGE=PLUGIN")
}

func TestAPluginThatEndsLeavesItsLastWords(t *testing.T) {
	s := newShelf(t).sample("crasher", `"env": {"allow": ["CRASHER_START", "CRASHER_STDERR", "CRASHER_CODE"]}`)
	command(t, "call", s.dir, "crasher", "crasher.exit", `{"code": 3, "stderr": "out of cheese"}`).exits(t, exitUnavailable).
		complains(t, "exit status 3", "out of cheese")
	t.Setenv("CRASHER_START", "exit")
	t.Setenv("CRASHER_CODE", "4")
	t.Setenv("CRASHER_STDERR", "no cheese at all")
	command(t, "call", s.dir, "crasher", "crasher.notes").exits(t, exitUnavailable).
		complains(t, `plugin "crasher" could not start: it ended before it was ready: exit status 4`, "no cheese at all")
}

func TestAnAnswerThatIsTooLateIsAnError(t *testing.T) {
	s := newShelf(t).sample("crasher")
	command(t, "call", "--timeout", "100ms", s.dir, "crasher", "crasher.sleep", `{"forMs": 60000}`).exits(t, exitUnavailable).
		complains(t, "crasher.sleep: no answer within 100ms (--timeout)")
	command(t, "call", "--timeout", "-1s", s.dir, "crasher", "crasher.notes").exits(t, exitUsage).complains(t, "--timeout: found -1s")
}

func TestAnErrorOfTheDeadlineIsTheSameWhicheverEndNoticesIt(t *testing.T) {
	r := &request{plugin: "p", message: "p.m", timeout: time.Second}
	passed, cancel := context.WithDeadline(t.Context(), time.Now().Add(-time.Second))
	defer cancel()
	const want = `plugin "p": p.m: no answer within 1s (--timeout)`
	if err := r.overdue(passed, &rpc.Error{Code: rpc.Timeout, Origin: rpc.FromPlugin, Message: "context deadline exceeded"}); err.Error() != want || !errors.Is(err, rpc.Timeout) {
		t.Errorf("got %v, want %s", err, want)
	}
	other := &rpc.Error{Code: rpc.Denied, Message: "no"}
	if err := r.overdue(passed, other); err != error(other) {
		t.Errorf("another error became %v", err)
	}
	early := &rpc.Error{Code: rpc.Timeout, Message: "the plugin's own database"}
	if err := r.overdue(t.Context(), early); err != error(early) {
		t.Errorf("a timeout of the plugin's own became %v", err)
	}
}

func TestCallRefusesKindsOfALaterVersion(t *testing.T) {
	err := callable(rpc.Use{Name: "x.follow", Kind: "later"})
	if exitCode(err) != exitUsage || err.Error() != "x.follow is a later: call knows methods, queries, notices, streams, uploads and duplexes" {
		t.Errorf("got %v", err)
	}
}
