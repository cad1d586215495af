package proc_test

import (
	"fmt"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/go-hotplug/hotplug/internal/proc"
)

// startHost starts a host of its own that has one process with the given role, and waits until it has.
func startHost(t *testing.T, f *family, role, disconnect string) *exec.Cmd {
	t.Helper()
	r, w, err := os.Pipe()
	if err != nil {
		t.Fatal(err)
	}
	defer r.Close()
	host := exec.Command(os.Args[0], role, disconnect)
	host.Env = []string{roleEnv + "=host", startedEnv + "=1"}
	host.Stdout, host.Stderr, host.ExtraFiles = f.w, os.Stderr, []*os.File{w}
	err = host.Start()
	w.Close()
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = host.Process.Kill(); _ = host.Wait() })
	_, _ = r.Read(make([]byte, 1)) // the end of file
	return host
}

// childOf finds the one child of a process.
func childOf(t *testing.T, pid int) int {
	t.Helper()
	var child int
	found, err := filepath.Glob(fmt.Sprintf("/proc/%d/task/*/children", pid))
	if err != nil {
		t.Fatal(err)
	}
	for _, path := range found {
		if b, err := os.ReadFile(path); err == nil {
			_, _ = fmt.Sscan(string(b), &child)
		}
	}
	if child == 0 {
		t.Fatalf("process %d has no child", pid)
	}
	return child
}

func TestTheGroupIsGoneWithinASecondOfTheHostsDeath(t *testing.T) {
	for name, stop := range map[string]bool{"running": false, "stopped": true} {
		t.Run(name, func(t *testing.T) {
			f := newFamily(t)
			host := startHost(t, f, "family", "shutdown")
			f.line()
			if stop {
				if err := syscall.Kill(-childOf(t, host.Process.Pid), syscall.SIGSTOP); err != nil {
					t.Fatal(err)
				}
			}
			if err := host.Process.Kill(); err != nil {
				t.Fatal(err)
			}
			t.Logf("gone after %v", f.gone()) // the bound is ten times the promise: newFamily
		})
	}
}

func TestWithoutShutdownTheProcessOutlivesItsHostAndSeesTheEndOfFile(t *testing.T) {
	f := newFamily(t)
	host := startHost(t, f, "eof", "keep-alive")
	if got := f.line(); got != "ready" {
		t.Fatal(got)
	}
	if err := host.Process.Kill(); err != nil {
		t.Fatal(err)
	}
	for _, want := range []string{"hello", "host gone"} {
		if got := f.line(); got != want {
			t.Errorf("line %q, want %q", got, want)
		}
	}
	f.gone()
}

func TestCloseOfALiveShutdownProcessKillsItsGroup(t *testing.T) {
	f := newFamily(t)
	spec := role("family")
	spec.Shutdown, spec.StdoutFile = true, f.w
	p := start(t, spec)
	f.line()
	p.Close()
	f.gone()
	if got := await(t, p).String(); got != "killed by SIGKILL" {
		t.Errorf("exit: %s", got)
	}
}

func TestTheProcessInheritsFiveDescriptorsAndNoOther(t *testing.T) {
	ln, err := net.Listen("unix", filepath.Join(t.TempDir(), "s"))
	if err != nil {
		t.Fatal(err)
	}
	defer ln.Close()
	file, err := ln.(*net.UnixListener).File()
	if err != nil {
		t.Fatal(err)
	}
	defer file.Close()
	for _, first := range []bool{true, false} { // the second could inherit what belongs to the first
		p := start(t, proc.Spec{Path: "/bin/sleep", Args: []string{"1000"}, Listener: file, Startup: []byte("{}"), Shutdown: true})
		got := descriptors(t, p.PID())
		want := []string{"0 /dev/null", "1 pipe", "2 pipe", "3 socket", "4 pipe"}
		if !slices.Equal(got, want) {
			t.Errorf("first %v: the process has %v, want %v", first, got, want)
		}
	}
}

func TestWithoutAListenerDescriptor3IsClosed(t *testing.T) {
	p := start(t, proc.Spec{Path: "/bin/sleep", Args: []string{"1000"}})
	if got, want := descriptors(t, p.PID()), []string{"0 /dev/null", "1 pipe", "2 pipe", "4 pipe"}; !slices.Equal(got, want) {
		t.Errorf("the process has %v, want %v", got, want)
	}
}

func TestWhatTheHostInheritedStopsAtTheHost(t *testing.T) {
	f := newFamily(t)
	host := exec.Command(os.Args[0], "wait-ready", "shutdown")
	host.Env = []string{roleEnv + "=host"}
	host.Stdout, host.ExtraFiles = f.w, []*os.File{f.w, f.w, f.w} // 3, 4 and 5
	if err := host.Start(); err != nil {
		t.Fatal(err)
	}
	defer func() { _ = host.Process.Kill(); _ = host.Wait() }()
	f.line()
	got := strings.Join(descriptors(t, childOf(t, host.Process.Pid)), ", ")
	if strings.Contains(got, "3 pipe") || strings.Contains(got, "5 pipe") {
		t.Errorf("the process has %s, want neither 3 nor 5", got)
	}
}

// descriptors lists what a process has open, as "3 socket".
func descriptors(t *testing.T, pid int) (list []string) {
	t.Helper()
	dir := fmt.Sprintf("/proc/%d/fd", pid)
	entries, err := os.ReadDir(dir)
	if err != nil {
		t.Fatal(err)
	}
	for _, e := range entries {
		to, err := os.Readlink(filepath.Join(dir, e.Name()))
		if err != nil {
			continue // the one that this listing itself had open
		}
		kind, _, _ := strings.Cut(to, ":")
		list = append(list, e.Name()+" "+kind)
	}
	slices.Sort(list)
	return list
}

func TestNothingIsLeftOfProcessesThatEndedOrNeverStarted(t *testing.T) {
	once := func() {
		p, err := proc.OS.Start(proc.Spec{Path: "/bin/sh", Args: []string{"-c", "exit 1"}, Startup: []byte("{}"), Shutdown: true})
		if err != nil {
			t.Fatal(err)
		}
		await(t, p)
		if err := syscall.Kill(p.PID(), 0); err == nil {
			t.Errorf("process %d is a zombie", p.PID())
		}
		p.Close()
		p.Close()
		if _, err := proc.OS.Start(proc.Spec{Path: "/no/such/file"}); err == nil {
			t.Fatal("started a file that is not there")
		}
	}
	once() // what the runtime opens once, for good
	fds, goroutines := len(descriptors(t, os.Getpid())), runtime.NumGoroutine()
	for range 20 {
		once()
	}
	if now := len(descriptors(t, os.Getpid())); now > fds {
		t.Errorf("%d descriptors, %d before", now, fds)
	}
	deadline := time.Now().Add(patience)
	for runtime.NumGoroutine() > goroutines && time.Now().Before(deadline) {
		runtime.Gosched() // a reaper closes Done a moment before it returns
	}
	if now := runtime.NumGoroutine(); now > goroutines {
		t.Errorf("%d goroutines, %d before", now, goroutines)
	}
}
