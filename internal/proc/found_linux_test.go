package proc_test

import (
	"errors"
	"os/exec"
	"syscall"
	"testing"

	"github.com/go-hotplug/hotplug/internal/proc"
)

func TestAProcessIsFoundAgainAndItsEndIsSeen(t *testing.T) {
	first, err := proc.OS.Start(proc.Spec{Path: "/bin/sleep", Args: []string{"60"}})
	if err != nil {
		t.Fatal(err)
	}
	defer first.Close()
	defer first.Kill()
	p, err := proc.OS.Find(first.Identity())
	if err != nil {
		t.Fatal(err)
	}
	defer p.Close()
	if p.PID() != first.PID() || p.Identity() != first.Identity() {
		t.Errorf("found %v, want %v", p.Identity(), first.Identity())
	}
	if err := p.Terminate(); err != nil {
		t.Error(err)
	}
	<-p.Done()
	if e := p.Exit(); !errors.Is(e.Lost, proc.ErrElsewhere) || e.Success() || e.String() != "exit status unknown: another host started it" {
		t.Errorf("exit %+v", e)
	}
	if <-first.Done(); first.Exit().Signal != "SIGTERM" {
		t.Errorf("it ended with %s", first.Exit())
	}
	if _, err := proc.OS.Find(first.Identity()); !errors.Is(err, proc.ErrGone) {
		t.Errorf("found what is gone: %v", err)
	}
}

func TestAStrangerWithTheSameIDIsNotFound(t *testing.T) {
	stranger := exec.Command("/bin/sleep", "60")
	stranger.SysProcAttr = &syscall.SysProcAttr{Setpgid: true}
	if err := stranger.Start(); err != nil {
		t.Fatal(err)
	}
	defer func() { _ = stranger.Process.Kill(); _ = stranger.Wait() }()
	if _, err := proc.OS.Find(proc.Identity{PID: stranger.Process.Pid, Started: "another time"}); !errors.Is(err, proc.ErrGone) {
		t.Errorf("found a stranger: %v", err)
	}
	if _, err := proc.OS.Find(proc.Identity{PID: stranger.Process.Pid}); !errors.Is(err, errors.ErrUnsupported) {
		t.Errorf("found without a time: %v", err)
	}
}

func TestClosingAFoundProcessLeavesItAlone(t *testing.T) {
	first, err := proc.OS.Start(proc.Spec{Path: "/bin/sleep", Args: []string{"60"}})
	if err != nil {
		t.Fatal(err)
	}
	defer first.Close()
	p, err := proc.OS.Find(first.Identity())
	if err != nil {
		t.Fatal(err)
	}
	p.Close()
	p.Close()
	if err := p.Kill(); err != nil {
		t.Error(err)
	}
	if syscall.Kill(first.PID(), 0) != nil {
		t.Error("it is gone")
	}
	_ = first.Kill()
	<-first.Done()
}
