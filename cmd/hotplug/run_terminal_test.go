package main

import (
	"bytes"
	"context"
	"io"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/hashicorp/go-hclog"

	"github.com/go-hotplug/hotplug/host"
)

// A screen is a terminal that shows what several goroutines write.
type screen struct {
	mu   sync.Mutex // guards text
	text bytes.Buffer
	said chan struct{} // one slot; every Write signals, await receives
}

func newScreen() *screen { return &screen{said: make(chan struct{}, 1)} }

func (s *screen) Write(p []byte) (int, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	select {
	case s.said <- struct{}{}:
	default:
	}
	return s.text.Write(p)
}

func (s *screen) String() string {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.text.String()
}

// await waits until the screen shows a text.
func (s *screen) await(t *testing.T, text string) {
	t.Helper()
	late := time.After(time.Minute)
	for !strings.Contains(s.String(), text) {
		select {
		case <-s.said:
		case <-late:
			t.Fatalf("the screen never showed %q: %s", text, s)
		}
	}
}

// showRun hosts a folder until stdout says that a plugin failed, and returns what stdout and stderr showed.
func showRun(t *testing.T, f *shelf, s streams) (out, err string) {
	t.Helper()
	o, e := newScreen(), newScreen()
	s.out, s.err = o, e
	ctx, stop := context.WithTimeout(t.Context(), time.Minute)
	defer stop()
	code := make(chan int, 1) // one slot: the one goroutine sends once
	go func() { code <- run(ctx, []string{"run", "--no-color", "--state-dir", t.TempDir(), f.dir}, s) }()
	o.await(t, "failed")
	stop()
	if got := <-code; got != exitPlugin {
		t.Errorf("exit code %d, want %d", got, exitPlugin)
	}
	return o.String(), e.String()
}

// ending is a folder with a plugin that stays and one that ends with an error before it is ready.
func ending(t *testing.T) *shelf {
	t.Helper()
	t.Setenv("CRASHER_START", "exit")
	t.Setenv("CRASHER_CODE", "3")
	t.Setenv("CRASHER_STDERR", "out of cheese")
	return newShelf(t).sample("counter").sample("crasher", `"restart": {"policy": "never"}, "env": {"allow": ["CRASHER_START", "CRASHER_STDERR", "CRASHER_CODE"]}`)
}

func TestRunOnATerminalShowsEachChangeOnce(t *testing.T) {
	out, err := showRun(t, ending(t), streams{outTerminal: true, errTerminal: true})
	both := out + err
	for text, want := range map[string]int{
		"plugin starting: plugin=counter":   1, // nothing else shows that something goes on
		"plugin ready":                      0,
		"plugin stopped":                    0,
		"the host asked it to stop":         1,
		"answers 5 messages":                1,
		"plugin failed: plugin=crasher":     1, // before there is a table the log says why
		"[INFO]  out of cheese: ":           1,
		"hotplug: 1 plugin failed: crasher": 1,
	} {
		if got := strings.Count(both, text); got != want {
			t.Errorf("%q is there %d times, want %d:\n%s\n%s", text, got, want, out, err)
		}
	}
}

func TestRunLogsEverythingWhereTheLogGoesElsewhere(t *testing.T) {
	f := ending(t)
	for name, s := range map[string]streams{"no terminal": {}, "stderr in a file": {outTerminal: true}, "stdout in a file": {errTerminal: true}} {
		_, err := showRun(t, f, s)
		for _, want := range []string{"plugin ready: plugin=counter", "plugin stopped: plugin=counter", "plugin failed: plugin=crasher"} {
			if strings.Count(err, want) != 1 {
				t.Errorf("%s: want %q once in %s", name, want, err)
			}
		}
	}
}

func TestAFailureOnATerminalComesWithAllThatIsKnownOfIt(t *testing.T) {
	var out, err bytes.Buffer
	a := &app{streams: streams{out: &out, err: &err, outTerminal: true, errTerminal: true}, noColor: true}
	e := host.Event{Plugin: "p", To: host.Failed, Reason: "it ended: exit status 3", Err: &rephrased{"it ended: exit status 3; its last lines:\nout of\x1b cheese\n"}}
	if wrong := a.printEvent(e); wrong != nil {
		t.Fatal(wrong)
	}
	if want := "    its last lines:\n    out of\\x1b cheese\n"; err.String() != want {
		t.Errorf("stderr %q, want %q", err.String(), want)
	}
	err.Reset()
	a.errTerminal = false
	if wrong := a.printEvent(e); wrong != nil || err.Len() > 0 {
		t.Errorf("%v; the log has it already, got %q", wrong, err.String())
	}
}

type rephrased struct{ text string }

func (r *rephrased) Error() string { return r.text }

func TestWhatAPluginLogsIsNotTakenForAChangeOfItsState(t *testing.T) {
	a := &app{streams: streams{out: io.Discard, err: io.Discard}}
	for _, following := range []bool{false, true} {
		a.following.Store(following)
		for _, c := range []struct {
			level   hclog.Level
			message string
			args    []any
			want    bool
		}{
			{hclog.Info, "plugin ready", nil, false},
			{hclog.Info, "plugin ready", []any{"pid", 7}, false},
			{hclog.Info, "out of cheese", []any{"reason", "none bought"}, false},
			{hclog.Info, "plugin ready", []any{"reason", "answers 5 messages", "version", "1.0.0", "pid", 7}, true},
			{hclog.Info, "plugin starting", []any{"reason", "found", "version", "1.0.0", "pid", 0}, following},
			{hclog.Error, "plugin failed", []any{"reason", "it ended", "error", io.EOF}, following},
		} {
			if got := a.shownOnStdout(c.level, c.message, c.args...); got != c.want {
				t.Errorf("following %t: %s %v: got %t, want %t", following, c.message, c.args, got, c.want)
			}
		}
	}
}
