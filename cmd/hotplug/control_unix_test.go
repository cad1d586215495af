//go:build unix

package main

import (
	"bufio"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/go-hotplug/hotplug/control"
	"github.com/go-hotplug/hotplug/control/socket"
	"github.com/go-hotplug/hotplug/rpc"
)

// A running host is a run with a state folder that other commands name, too.
type running struct {
	*hosting
	t   *testing.T
	dir string
	at  []string // the flags that find it
}

// start begins a run, and returns when it has printed a line for each of n plugins.
func start(t *testing.T, s *shelf, n int, args ...string) *running {
	t.Helper()
	r := &running{t: t, dir: s.dir, at: []string{"--state-dir", filepath.Join(filepath.Dir(s.dir), "state")}}
	r.hosting = hostFolder(t, streams{}, append(append(r.at, args...), s.dir)...)
	for range n {
		r.line()
	}
	return r
}

// args are those of a command about this host: its name, the folder, and what follows.
func (r *running) args(name string, more ...string) []string {
	return append(append([]string{name}, r.at...), append([]string{r.dir}, more...)...)
}

func (r *running) command(name string, more ...string) session {
	r.t.Helper()
	return command(r.t, r.args(name, more...)...)
}

func TestStatusPrintsWhatRuns(t *testing.T) {
	r := start(t, newShelf(t).sample("counter").sample("highlight"), 2)
	got := r.command("status").exits(t, exitOK)
	lines := strings.Split(strings.TrimSpace(got.out), "\n")
	first := strings.Split(lines[0], "\t")
	if len(lines) != 2 || first[0] != "counter" || first[1] != "1.0.0" || first[2] != "ready" || first[4] == "-" || first[5] != "1" || first[6] != "0" || first[7] != "answers 5 messages" {
		t.Errorf("got %s", got)
	}
	report := decoded[control.Report](t, r.command("status", "--json").exits(t, exitOK))
	if report.Host.PID != os.Getpid() || report.Host.Name != "hotplug" || len(report.Plugins) != 2 || report.Plugins[0].Dir == "" {
		t.Errorf("got %+v", report)
	}
	if _, code := r.end(); code != exitOK || r.err.Len() > 0 {
		t.Errorf("exit code %d, stderr %s", code, r.err)
	}
	r.command("status").exits(t, exitHost).complains(t, fmt.Sprintf("hotplug: no host %q runs %s: nothing answers at ", "hotplug", r.dir), "Start one with `hotplug run "+r.dir+"`")
}

func TestStatusAnswersWhilePluginsStart(t *testing.T) {
	s := newShelf(t).sample("crasher", `"env": {"set": {"CRASHER_START": "mute"}}`)
	at := []string{"--state-dir", t.TempDir(), s.dir}
	logged, stderr := io.Pipe()
	ctx, stop := context.WithCancel(t.Context())
	code := make(chan int, 1)
	go func() {
		code <- run(ctx, append([]string{"run"}, at...), streams{in: strings.NewReader(""), out: io.Discard, err: stderr})
		stderr.Close()
	}()
	lines := bufio.NewScanner(logged)
	for lines.Scan() && !strings.Contains(lines.Text(), "plugin starting") {
	}
	rest := make(chan struct{})
	go func() {
		defer close(rest)
		for lines.Scan() {
		}
	}()
	got := command(t, append([]string{"status"}, at...)...)
	for got.code == exitHost && len(code) == 0 { // the socket opens in a moment
		got = command(t, append([]string{"status"}, at...)...)
	}
	if got.exits(t, exitOK); !strings.HasPrefix(got.out, "crasher\t1.0.0\tstarting\t") {
		t.Errorf("got %s", got)
	}
	if got := command(t, append([]string{"events"}, at...)...).exits(t, exitOK); !strings.Contains(got.out, "\tstarting\t") {
		t.Errorf("got %s", got)
	}
	stop()
	if got := <-code; got != exitInterrupted {
		t.Errorf("exit code %d", got)
	}
	<-rest
	command(t, append([]string{"status"}, at...)...).exits(t, exitHost)
}

func TestStatusExits1IfAPluginHasFailed(t *testing.T) {
	r := start(t, ending(t), 2)
	if got := r.command("status").exits(t, exitPlugin); !strings.HasSuffix(got.err, "hotplug: 1 plugin failed: crasher\n") || !strings.Contains(got.out, "crasher\t1.0.0\tfailed\t") {
		t.Errorf("got %s", got)
	}
}

func TestStatusWithoutAFolderListsTheHostsThatRun(t *testing.T) {
	t.Setenv("XDG_RUNTIME_DIR", t.TempDir())
	if got := command(t, "status").exits(t, exitOK); got.out != "" || !strings.Contains(got.err, "no host of this user runs") {
		t.Errorf("got %s", got)
	}
	a := start(t, newShelf(t).sample("counter"), 1)
	b := start(t, newShelf(t).sample("counter"), 1, "--name", "other", "--host-version", "2.0.0")
	got := command(t, "status").exits(t, exitOK)
	for _, want := range []string{"hotplug\t\t" + fmt.Sprint(os.Getpid()), "\t1 of 1\t" + a.dir + "\n", "other\t2.0.0\t", "\t1 of 1\t" + b.dir + "\n"} {
		if !strings.Contains(got.out, want) {
			t.Errorf("want %q in %s", want, got)
		}
	}
	all := decoded[struct{ Hosts []control.Report }](t, command(t, "status", "--json").exits(t, exitOK))
	if len(all.Hosts) != 2 || len(all.Hosts[0].Plugins) != 1 {
		t.Errorf("got %+v", all)
	}
}

func TestAPluginIsReloadedDisabledAndEnabledFromAnotherTerminal(t *testing.T) {
	r := start(t, newShelf(t).sample("counter"), 1)
	for _, step := range []struct{ name, state, launch string }{{"reload", "ready", "2"}, {"disable", "disabled", "2"}, {"enable", "ready", "3"}} {
		cells := strings.Split(r.command(step.name, "counter").exits(t, exitOK).out, "\t")
		if cells[0] != "counter" || cells[2] != step.state || cells[5] != step.launch {
			t.Errorf("%s: got %q, want %s, launch %s", step.name, cells, step.state, step.launch)
		}
	}
	if p := decoded[control.Plugin](t, r.command("reload", "counter", "--json").exits(t, exitOK)); p.Generation != 4 || p.PID == 0 {
		t.Errorf("got %+v", p)
	}
}

func TestWhatTheHostRefusesIsItsTextAndExits1(t *testing.T) {
	r := start(t, ending(t), 2)
	r.command("reload", "crasher").exits(t, exitPlugin).complains(t, "hotplug: reload crasher: it ended before it was ready: exit status 3", "out of cheese")
	r.command("enable", "crasher").exits(t, exitPlugin).complains(t, "it ended before it was ready: exit status 3")
	got := r.command("reload", "crasher", "--json").exits(t, exitPlugin)
	if e := decoded[struct{ Error rpc.Error }](t, got).Error; e.Origin != rpc.FromHost || !strings.Contains(e.Message, "exit status 3") {
		t.Errorf("got %s", got)
	}
	r.command("reload", "countr").exits(t, exitUnavailable).complains(t, `plugin "countr" is not installed in `+r.dir+`: did you mean "counter"?`)
	r.command("logs", "countr").exits(t, exitUnavailable).complains(t, `did you mean "counter"?`)
}

func TestLogsShowWhatWasLoggedThoughTheHostPrintedNothing(t *testing.T) {
	s := newShelf(t).sample("counter").sample("crasher")
	r := start(t, s, 2)
	got := r.command("logs", "counter", "-n", "1").exits(t, exitOK)
	cells := strings.Split(strings.TrimSpace(got.out), "\t")
	if len(cells) != 4 || cells[1] != "counter" || cells[2] != "info" || !strings.HasPrefix(cells[3], `plugin ready reason="answers 5 messages" version=1.0.0 pid=`) {
		t.Errorf("got %s", got)
	}
	var line control.Line
	for text := range strings.SplitSeq(strings.TrimSpace(r.command("logs", "--json").exits(t, exitOK).out), "\n") {
		if err := json.Unmarshal([]byte(text), &line); err != nil || line.Message == "" || line.Time.IsZero() {
			t.Errorf("%s: %v", text, err)
		}
	}
	if none := r.command("logs", "-n", "0").exits(t, exitOK); none.out != "" || none.err != "" {
		t.Errorf("got %s", none)
	}
}

func TestEventsFollowUntilTheHostEnds(t *testing.T) {
	r := start(t, newShelf(t).sample("counter"), 1)
	f := begin(t, streams{}, r.args("events", "-f", "--json")...)
	for _, want := range []string{"starting", "ready"} {
		var e event
		if err := json.Unmarshal([]byte(f.line()), &e); err != nil || string(e.To) != want || e.Type != "event" {
			t.Errorf("got %+v, %v, want %s", e, err, want)
		}
	}
	r.end()
	if last := f.line(); !strings.Contains(last, `"to":"stopped"`) {
		t.Errorf("got %s", last)
	}
	if code := <-f.code; code != exitOK || f.err.String() != "hotplug: the host has ended\n" {
		t.Errorf("exit code %d, stderr %s", code, f.err)
	}
}

func TestCtrlCEndsFollowingWithExitCode0(t *testing.T) {
	r := start(t, newShelf(t).sample("counter"), 1)
	f := begin(t, streams{}, r.args("logs", "-f")...)
	f.line()
	f.line()
	if rest, code := f.end(); code != exitOK || len(rest) > 0 || f.err.Len() > 0 {
		t.Errorf("exit code %d, stdout %q, stderr %s", code, rest, f.err)
	}
}

func TestASecondHostOfAFolderRunsWithoutAControlSocketAndSaysWhoHasIt(t *testing.T) {
	s := newShelf(t).sample("counter")
	place := socket.Place{Name: "hotplug", Dir: s.dir, StateDir: filepath.Join(filepath.Dir(s.dir), "state")}
	l, err := socket.Listen(place)
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	r := start(t, s, 1)
	if _, code := r.end(); code != exitOK {
		t.Errorf("exit code %d", code)
	}
	want := fmt.Sprintf("hotplug: this host cannot be reached from another terminal: control socket %s: process %d hosts this folder already, with the same name\n", l.Path(), os.Getpid())
	if r.err.String() != want {
		t.Errorf("stderr %q, want %q", r.err, want)
	}
}

// pretend is a host for other commands that does with a connection what the test says; it returns the flags that find it.
func pretend(t *testing.T, do func(net.Conn)) []string {
	t.Helper()
	dir := t.TempDir()
	l, err := socket.Listen(socket.Place{Name: "pretended", Dir: dir})
	if err != nil {
		t.Fatal(err)
	}
	done := make(chan struct{})
	go func() {
		defer close(done)
		if stream, err := l.Accept(); err == nil {
			do(stream)
		}
	}()
	t.Cleanup(func() { l.Close(); <-done })
	return []string{"--name", "pretended", dir}
}

func TestAHostOfAnotherVersionIsASentence(t *testing.T) {
	at := pretend(t, func(stream net.Conn) {
		defer stream.Close()
		stream.Read(make([]byte, 1000))
		stream.Write([]byte(`{"control":2,"serializer":"MessagePackSerializer"}` + "\n"))
	})
	command(t, append([]string{"status"}, at...)...).exits(t, exitHost).
		complains(t, "control version mismatch: this side offers 1, the host picked 2: use the command of the host's version")
}

func TestAHostThatIsKilledWhileItIsFollowedExits3(t *testing.T) {
	at := pretend(t, func(stream net.Conn) {
		opened := make(chan struct{})
		conn, err := socket.Answer(t.Context(), stream, []rpc.Handler{control.Logs.Handle(func(ctx context.Context, _ control.LogsRequest, _ func(control.Line) error) error {
			close(opened)
			<-ctx.Done()
			return ctx.Err()
		})}, nil)
		if err != nil {
			t.Error(err)
			return
		}
		<-opened
		conn.Close()
	})
	command(t, append([]string{"logs", "-f"}, at...)...).exits(t, exitHost).complains(t, "hotplug: the host is gone: control.logs: the peer closed the connection")
}

func TestAnAnswerOfAHostThatIsTooLateIsAnError(t *testing.T) {
	at := pretend(t, func(stream net.Conn) {
		conn, err := socket.Answer(t.Context(), stream, []rpc.Handler{control.Reload.Handle(func(ctx context.Context, _ control.Target) (control.Plugin, error) {
			<-ctx.Done()
			return control.Plugin{}, ctx.Err()
		})}, nil)
		if err != nil {
			t.Error(err)
			return
		}
		<-conn.Done()
		conn.Close()
	})
	command(t, append(append([]string{"reload", "--timeout", "50ms"}, at...), "counter")...).exits(t, exitUnavailable).complains(t, "no answer within 50ms (--timeout)")
}

func TestTheCommandLineOfARunningHostIsChecked(t *testing.T) {
	command(t, "status", "a", "b").exits(t, exitUsage).complains(t, "status: found 2 arguments, want at most 1: hotplug status [DIR]")
	command(t, "reload", "a").exits(t, exitUsage).complains(t, "reload: found 1 argument, want at least 2: hotplug reload DIR NAME")
	command(t, "logs", "--timeout", "-1s", "a").exits(t, exitUsage).complains(t, "--timeout: found -1s, want a duration such as 5s")
	command(t, "events", "-n", "x", "a").exits(t, exitUsage).complains(t, `events: --lines: found "x", want a whole number`)
}
