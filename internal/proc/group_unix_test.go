//go:build unix

package proc_test

import (
	"errors"
	"io"
	"os"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/go-hotplug/hotplug/internal/proc"
)

func TestKillReachesTheGrandchild(t *testing.T) {
	f := newFamily(t)
	spec := role("family")
	spec.StdoutFile = f.w
	p := start(t, spec)
	f.line()
	if err := p.Kill(); err != nil {
		t.Fatal(err)
	}
	f.gone()
	if got := await(t, p).String(); got != "killed by SIGKILL" {
		t.Errorf("exit: %s", got)
	}
}

func TestKillReachesTheGrandchildOfALeaderThatIsGone(t *testing.T) {
	f := newFamily(t)
	spec := role("orphan")
	spec.StdoutFile = f.w
	p := start(t, spec)
	if exit := await(t, p); !exit.Success() {
		t.Fatal(exit)
	}
	if err := p.Kill(); err != nil {
		t.Fatal(err)
	}
	f.gone()
	for name, signal := range map[string]func() error{"Kill": p.Kill, "Terminate": p.Terminate} {
		if err := signal(); err != nil {
			t.Errorf("%s of a group that is gone: %v, want nil", name, err)
		}
	}
}

func TestTerminateReachesTheGrandchild(t *testing.T) {
	f := newFamily(t)
	spec := role("family")
	spec.StdoutFile = f.w
	p := start(t, spec)
	f.line()
	if err := p.Terminate(); err != nil {
		t.Fatal(err)
	}
	f.gone()
	if got := await(t, p).String(); got != "killed by SIGTERM" {
		t.Errorf("exit: %s", got)
	}
}

func TestTerminateIsOnlyARequestAndKillIsNot(t *testing.T) {
	f := newFamily(t)
	spec := role("stubborn")
	spec.StdoutFile = f.w
	p := start(t, spec)
	f.line()
	if err := p.Terminate(); err != nil {
		t.Fatal(err)
	}
	if err := p.Kill(); err != nil {
		t.Fatal(err)
	}
	if got := await(t, p).Signal; got != "SIGKILL" {
		t.Errorf("a process that ignores SIGTERM was ended by %q, want SIGKILL", got)
	}
}

func TestTheProcessLeadsItsOwnSession(t *testing.T) {
	p := start(t, role("wait"))
	if pgid, err := syscall.Getpgid(p.PID()); err != nil || pgid != p.PID() {
		t.Errorf("process group %d, %v; want %d", pgid, err, p.PID())
	}
}

func TestReadersGetWhatIsBufferedAndAnEndAlthoughAGrandchildHoldsThePipe(t *testing.T) {
	p := start(t, role("orphan"))
	await(t, p)
	if got := readAll(t, p.Stdout()); got != "last words\n" {
		t.Errorf("stdout: %q", got)
	}
	readAll(t, p.Stderr())
}

func TestASlowReaderLosesNothingThatWasWrittenBeforeTheExit(t *testing.T) {
	script := "head -c 60000 /dev/zero; sleep 1000 & exit 0"
	p := start(t, proc.Spec{Path: "/bin/sh", Args: []string{"-c", script}})
	await(t, p)
	buf := make([]byte, 10)
	if _, err := io.ReadFull(p.Stdout(), buf); err != nil {
		t.Fatal(err)
	}
	readAll(t, p.Stderr()) // its end means that the grace is over
	if got := len(readAll(t, p.Stdout())); got != 60000-10 {
		t.Errorf("read %d bytes after the grace, want %d", got, 60000-10)
	}
}

func TestADescendantThatWritesForeverGetsNoReader(t *testing.T) {
	p := start(t, proc.Spec{Path: "/bin/sh", Args: []string{"-c", "yes & exit 0"}})
	await(t, p)
	readAll(t, p.Stdout())
}

func TestCloseUnblocksAReader(t *testing.T) {
	p := start(t, role("wait"))
	read := make(chan error, 1) // one error
	go func() {
		_, err := p.Stdout().Read(make([]byte, 1))
		read <- err
	}()
	p.Stdout().Close()
	select {
	case err := <-read:
		if !errors.Is(err, os.ErrClosed) {
			t.Errorf("err = %v, want os.ErrClosed", err)
		}
	case <-time.After(patience):
		t.Error("the reader is still blocked")
	}
}

func TestExitSaysHowTheProcessEnded(t *testing.T) {
	for script, want := range map[string]struct {
		code   int
		signal string
		text   string
	}{
		"exit 0":          {0, "", "exit status 0"},
		"exit 3":          {3, "", "exit status 3"},
		"kill -KILL $$":   {-1, "SIGKILL", "killed by SIGKILL"},
		"kill -TERM $$":   {-1, "SIGTERM", "killed by SIGTERM"},
		"echo x >&2; foo": {127, "", "exit status 127"},
	} {
		before := time.Now()
		p := start(t, proc.Spec{Path: "/bin/sh", Args: []string{"-c", script}})
		e := await(t, p)
		if e.Code != want.code || e.Signal != want.signal || e.String() != want.text {
			t.Errorf("%q: %+v, %q; want %+v", script, e, e, want)
		}
		if e.Started.Before(before) || e.Ended.Before(e.Started) || e.MaxRSS < 64<<10 {
			t.Errorf("%q: started %v, ended %v, max RSS %d bytes", script, e.Started, e.Ended, e.MaxRSS)
		}
	}
}

func TestExitTextNamesACoreDumpAndALostStatus(t *testing.T) {
	for want, e := range map[string]proc.Exit{
		"SIGSEGV (core dumped)":                   {Code: -1, Signal: "SIGSEGV", Core: true},
		"exit status unknown: no child processes": {Code: -1, Lost: errors.New("no child processes")},
	} {
		if e.String() != want || e.Success() {
			t.Errorf("%+v: %q, success %v; want %q, false", e, e, e.Success(), want)
		}
	}
}

func TestExitIsZeroBeforeTheEnd(t *testing.T) {
	p := start(t, role("wait"))
	if e := p.Exit(); !e.Started.IsZero() || strings.Contains(e.String(), "killed") {
		t.Errorf("exit of a live process: %+v", e)
	}
}
