package main

import (
	"bufio"
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"os"
	"strings"
	"testing"
	"time"
)

// A hosting is a run, or another command, that goes on.
type hosting struct {
	t     *testing.T
	lines *bufio.Scanner
	err   *bytes.Buffer // read after end
	stop  context.CancelFunc
	code  chan int
}

// hostFolder begins a run.
func hostFolder(t *testing.T, s streams, args ...string) *hosting {
	t.Helper()
	return begin(t, s, append([]string{"run", "--log-level", "off", "--state-dir", t.TempDir()}, args...)...)
}

// begin begins a command that goes on.
func begin(t *testing.T, s streams, args ...string) *hosting {
	t.Helper()
	r, w := io.Pipe()
	ctx, stop := context.WithTimeout(t.Context(), time.Minute)
	h := &hosting{t: t, lines: bufio.NewScanner(r), err: &bytes.Buffer{}, stop: stop, code: make(chan int, 1)}
	s.out, s.err = w, h.err
	over := make(chan struct{}) // closed when the command has ended: it writes into folders that are removed then
	go func() {
		defer close(over)
		h.code <- run(ctx, args, s)
		w.Close()
	}()
	t.Cleanup(func() { stop(); r.Close(); <-over })
	return h
}

// line is the next line of stdout.
func (h *hosting) line() string {
	h.t.Helper()
	if !h.lines.Scan() {
		h.t.Fatalf("no further line on stdout: %v; stderr: %s", h.lines.Err(), h.err)
	}
	return h.lines.Text()
}

// end interrupts the run and returns the rest of stdout and the exit code.
func (h *hosting) end() (rest []string, code int) {
	h.stop()
	for h.lines.Scan() {
		rest = append(rest, h.lines.Text())
	}
	return rest, <-h.code
}

func TestRunHostsUntilItIsInterruptedAndStopsInOrder(t *testing.T) {
	s := newShelf(t).sample("counter").sample("highlight", `"requires": {"counter": "^1.0"}`)
	h := hostFolder(t, streams{}, s.dir)
	first, second := strings.Split(h.line(), "\t"), strings.Split(h.line(), "\t")
	if first[3] = "PID"; strings.Join(first, "|") != "counter|1.0.0|ready|PID|counter.add, counter.addAll, counter.bump, counter.get, counter.watch|answers 5 messages" {
		t.Errorf("got %q", first)
	}
	if second[0] != "highlight" || second[2] != "ready" {
		t.Errorf("got %q", second)
	}
	rest, code := h.end()
	if code != exitOK || h.err.Len() > 0 {
		t.Errorf("exit code %d, stderr %s", code, h.err)
	}
	if len(rest) != 2 || !strings.Contains(rest[0], "\thighlight\t1.0.0\tstopped\t") || !strings.Contains(rest[1], "\tcounter\t1.0.0\tstopped\t") {
		t.Errorf("want highlight to stop before counter, which it requires, got %q", rest)
	}
}

func TestRunPrintsOneLineOfJSONPerEvent(t *testing.T) {
	s := newShelf(t).sample("counter")
	s.file("gone/plugin.json", manifestText("gone", "1.0.0", "gone"), 0o644)
	h := hostFolder(t, streams{outTerminal: true}, "--json", s.dir)
	var ready, broken hosted
	for _, v := range []*hosted{&ready, &broken} {
		if err := json.Unmarshal([]byte(h.line()), v); err != nil {
			t.Fatal(err)
		}
	}
	if ready.Type != "status" || ready.Name != "counter" || ready.State != "ready" || ready.PID == 0 || len(ready.Messages) != 5 {
		t.Errorf("got %+v", ready)
	}
	if broken.Name != "gone" || broken.State != "failed" || broken.Messages == nil || !strings.Contains(broken.Error, "entry gone does not exist") {
		t.Errorf("got %+v", broken)
	}
	rest, code := h.end()
	var stopped event
	if len(rest) != 1 || json.Unmarshal([]byte(rest[0]), &stopped) != nil || stopped.Type != "event" || stopped.To != "stopped" || stopped.PID != ready.PID || stopped.Time.IsZero() {
		t.Errorf("got %q", rest)
	}
	if want := "hotplug: 1 plugin failed: gone\n"; code != exitPlugin || h.err.String() != want {
		t.Errorf("exit code %d, stderr %q, want %d, %q", code, h.err, exitPlugin, want)
	}
}

func TestRunShowsAPluginThatEnds(t *testing.T) {
	s := newShelf(t).sample("counter")
	h := hostFolder(t, streams{}, "--json", s.dir)
	var ready hosted
	if err := json.Unmarshal([]byte(h.line()), &ready); err != nil {
		t.Fatal(err)
	}
	p, err := os.FindProcess(ready.PID)
	if err != nil {
		t.Fatal(err)
	}
	if err := p.Kill(); err != nil {
		t.Fatal(err)
	}
	var failed event
	if err := json.Unmarshal([]byte(h.line()), &failed); err != nil || failed.To == "ready" || failed.Reason == "" || failed.Error == "" {
		t.Errorf("got %+v, %v", failed, err)
	}
	if _, code := h.end(); code != exitPlugin {
		t.Errorf("exit code %d, want %d; stderr %s", code, exitPlugin, h.err)
	}
}

func TestRunShowsWhyAPluginCouldNotStart(t *testing.T) {
	s := ending(t)
	h := hostFolder(t, streams{}, s.dir)
	h.line()
	cells := strings.Split(h.line(), "\t")
	const why = "could not start: it ended before it was ready: exit status 3"
	if cells[2] != "failed" || !strings.HasPrefix(cells[len(cells)-1], why) {
		t.Errorf("got %q, want the reason %q", cells, why)
	}
	h.end()
	h = hostFolder(t, streams{}, "--json", s.dir)
	h.line()
	var failed hosted
	if err := json.Unmarshal([]byte(h.line()), &failed); err != nil || !strings.HasPrefix(failed.Reason, why) || !strings.Contains(failed.Error, "out of cheese") {
		t.Errorf("got %+v, %v", failed, err)
	}
	h.end()
}

func TestAnErrorGoesOnWhereItsReasonEnds(t *testing.T) {
	for _, c := range [][3]string{
		{"it ended", "it ended; the end of its stderr:\n    x", "the end of its stderr:\n    x"},
		{"could not start: it ended", "it ended; the end of its stderr:\n    x", "the end of its stderr:\n    x"},
		{"could not start: it ended", "it ended", ""},
		{"crashed", "exit status 2", "exit status 2"},
	} {
		if got := beyond(c[0], c[1]); got != c[2] {
			t.Errorf("%q behind %q: got %q, want %q", c[1], c[0], got, c[2])
		}
	}
}

func TestRunIsAlignedOnATerminal(t *testing.T) {
	s := newShelf(t).sample("crasher")
	h := hostFolder(t, streams{outTerminal: true}, "--no-color", s.dir)
	if head := strings.Join(strings.Fields(h.line()), " "); head != "NAME VERSION STATE PID MESSAGES REASON" {
		t.Errorf("head %q", head)
	}
	if row := h.line(); !strings.Contains(row, "crasher.callHost, crasher.describe and ") || strings.Contains(row, "\t") {
		t.Errorf("row %q", row)
	}
	h.end()
}

func TestRunEndsWhenStdoutDoes(t *testing.T) {
	s := newShelf(t).sample("counter")
	got := run(t.Context(), []string{"run", "--log-level", "off", "--state-dir", t.TempDir(), s.dir}, streams{out: closedWriter{}, err: io.Discard})
	if got != exitHost {
		t.Errorf("exit code %d, want %d", got, exitHost)
	}
}

type closedWriter struct{}

func (closedWriter) Write([]byte) (int, error) { return 0, io.ErrClosedPipe }

func TestRunRefusesWhatItCannotOpen(t *testing.T) {
	s := newShelf(t).sample("counter")
	command(t, "run", s.dir+"-not").exits(t, exitHost).complains(t, "read plugins folder "+s.dir+"-not")
	command(t, "run", "--host-version", "two", s.dir).exits(t, exitHost).complains(t, `version "two" of hotplug is no semantic version`)
	command(t, "run").exits(t, exitUsage).complains(t, "run: found 0 arguments, want at least 1: hotplug run DIR...")
}

func TestASecondRunOfAFolderSaysWhoRunsItAndWhatToType(t *testing.T) {
	s := newShelf(t).sample("counter")
	state := t.TempDir()
	first := begin(t, streams{}, "run", "--log-level", "off", "--state-dir", state, s.dir)
	first.line()
	want := fmt.Sprintf("another host, process %d, uses the state folder %s: see with `hotplug status` what it hosts, stop it, or give this one a folder of its own with --state-dir\n", os.Getpid(), state)
	if got := command(t, "run", "--state-dir", state, s.dir).exits(t, exitHost); got.err != "hotplug: run: "+want {
		t.Errorf("got %s", got)
	}
	if got := command(t, "call", "--state-dir", state, s.dir, "counter", "counter.get").exits(t, exitHost); got.err != "hotplug: call: "+want {
		t.Errorf("got %s", got)
	}
	if _, code := first.end(); code != exitOK {
		t.Errorf("the first host ended with exit code %d, stderr %s", code, first.err)
	}
}
