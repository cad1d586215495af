package proctest_test

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/go-hotplug/hotplug/internal/proc"
	"github.com/go-hotplug/hotplug/internal/proc/proctest"
)

func start(t *testing.T, spec proc.Spec, run func(*proctest.Child) int) (proc.Process, *proctest.Starter) {
	t.Helper()
	s := proctest.New(run)
	p, err := s.Start(spec)
	if err != nil {
		t.Fatal(err)
	}
	return p, s
}

func TestAFakeExitsWithWhatItsFunctionReturnsAfterFakeTime(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		p, s := start(t, proc.Spec{Path: "x"}, func(c *proctest.Child) int {
			fmt.Fprintln(c.Stderr, "started")
			<-time.After(time.Hour)
			return 3
		})
		defer s.Wait()
		defer p.Close()
		if e := p.Exit(); !e.Ended.IsZero() {
			t.Errorf("exit before the end: %+v", e)
		}
		<-p.Done()
		e := p.Exit()
		if e.String() != "exit status 3" || e.Ended.Sub(e.Started) != time.Hour {
			t.Errorf("exit %s after %v", e, e.Ended.Sub(e.Started))
		}
		if b, err := io.ReadAll(p.Stderr()); string(b) != "started\n" || err != nil {
			t.Errorf("stderr %q, %v", b, err)
		}
	})
}

func TestKillEndsAFakeThatIgnoresEverythingAndTellsItsContext(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		release := make(chan struct{}) // closed by the test
		var cause error
		p, s := start(t, proc.Spec{}, func(c *proctest.Child) int {
			<-release
			cause = context.Cause(c.Context())
			_, err := c.Stdout.Write([]byte("late"))
			if !errors.Is(err, io.ErrClosedPipe) {
				t.Errorf("a killed process wrote: %v", err)
			}
			return 0
		})
		_, _ = p.Terminate(), p.Kill()
		<-p.Done()
		if got := p.Exit().String(); got != "killed by SIGKILL" {
			t.Errorf("exit: %s", got)
		}
		close(release)
		s.Wait()
		if !errors.Is(cause, proctest.ErrKilled) {
			t.Errorf("cause %v, want ErrKilled", cause)
		}
		if terminates, kills := s.Started()[0].Signals(); terminates != 1 || kills != 1 {
			t.Errorf("counted %d and %d signals, want 1 and 1", terminates, kills)
		}
		p.Close()
	})
}

func TestTerminateIsSeenOnceHoweverOftenItIsSent(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		p, s := start(t, proc.Spec{}, func(c *proctest.Child) int { <-c.Terminated(); return 0 })
		_, _ = p.Terminate(), p.Terminate()
		<-p.Done()
		if !p.Exit().Success() {
			t.Error(p.Exit())
		}
		p.Close()
		s.Wait()
	})
}

func TestCloseKillsAShutdownFakeAndOnlyTellsAnother(t *testing.T) {
	for shutdown, want := range map[bool]string{true: "killed by SIGKILL", false: "exit status 7"} {
		synctest.Test(t, func(t *testing.T) {
			p, s := start(t, proc.Spec{Shutdown: shutdown}, func(c *proctest.Child) int { <-c.HostGone(); return 7 })
			p.Close()
			p.Close()
			<-p.Done()
			s.Wait()
			if got := p.Exit().String(); got != want {
				t.Errorf("shutdown %v: %s, want %s", shutdown, got, want)
			}
		})
	}
}

func TestAFakeBlocksOnAFullPipeUntilItIsRead(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		p, s := start(t, proc.Spec{}, func(c *proctest.Child) int {
			_, err := io.WriteString(c.Stdout, strings.Repeat("x", 64<<10+1))
			if err != nil {
				t.Error(err)
			}
			return 0
		})
		synctest.Wait()
		select {
		case <-p.Done():
			t.Error("it wrote more than the pipe holds")
		default:
		}
		if b, err := io.ReadAll(p.Stdout()); len(b) != 64<<10+1 || err != nil {
			t.Errorf("read %d bytes, %v", len(b), err)
		}
		s.Wait()
		p.Close()
		if _, err := p.Stdout().Read(make([]byte, 1)); !errors.Is(err, os.ErrClosed) {
			t.Errorf("a closed pipe was read: %v", err)
		}
	})
}

func TestAPanicIsTheExitStatusOfAGoPanic(t *testing.T) {
	p, s := start(t, proc.Spec{}, func(*proctest.Child) int { panic("boom") })
	s.Wait()
	b, err := io.ReadAll(p.Stderr())
	if p.Exit().Code != 2 || !strings.HasPrefix(string(b), "panic: boom\n") || err != nil {
		t.Errorf("%s, stderr %.40q, %v", p.Exit(), b, err)
	}
}

func TestDieReportsTheSignalNotTheReturnedCode(t *testing.T) {
	p, s := start(t, proc.Spec{}, func(c *proctest.Child) int { c.Die("SIGSEGV", true); return 1 })
	s.Wait()
	if got := p.Exit().String(); got != "SIGSEGV (core dumped)" {
		t.Error(got)
	}
}

func TestExitEndsItAtOnceWithThatStatus(t *testing.T) {
	goOn := make(chan struct{})
	p, s := start(t, proc.Spec{}, func(c *proctest.Child) int { c.Exit(3); <-goOn; return 1 })
	<-p.Done()
	close(goOn)
	s.Wait()
	if got := p.Exit(); got.Code != 3 || got.Signal != "" {
		t.Error(got)
	}
}

func TestFailFailsLaterStartsAndNilEndsIt(t *testing.T) {
	s := proctest.New(func(*proctest.Child) int { return 0 })
	boom := errors.New("no more processes")
	s.Fail(boom)
	if _, err := s.Start(proc.Spec{Path: "/x"}); !errors.Is(err, boom) || !strings.Contains(err.Error(), "/x") {
		t.Errorf("err = %v", err)
	}
	s.Fail(nil)
	p, err := s.Start(proc.Spec{Startup: []byte("{}")})
	if err != nil {
		t.Fatal(err)
	}
	if got := string(s.Started()[0].Spec().Startup); got != "{}\n" || p.PID() != 1000 {
		t.Errorf("pid %d, start-up %q", p.PID(), got)
	}
	s.Wait()
}
