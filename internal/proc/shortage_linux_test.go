package proc_test

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"golang.org/x/sys/unix"

	"github.com/go-hotplug/hotplug/internal/proc"
)

func TestShortagesNameTheLimit(t *testing.T) {
	for errno, want := range map[syscall.Errno]string{
		syscall.EAGAIN: "process limit is met (ulimit -u, pids.max)",
		syscall.ENOMEM: "no memory for another process",
		syscall.EMFILE: "ulimit -n",
	} {
		err := proc.ExplainShortage(&os.PathError{Op: "fork/exec", Path: "/x", Err: errno})
		if !strings.Contains(err.Error(), want) || !errors.Is(err, errno) {
			t.Errorf("%v: %v, want one that says %q and wraps it", errno, err, want)
		}
	}
}

func TestAStartupLineThatASmallPipeCannotHoldIsAnErrorNotAHang(t *testing.T) {
	r, w, err := os.Pipe()
	if err != nil {
		t.Fatal(err)
	}
	defer r.Close()
	defer w.Close()
	raw, err := w.SyscallConn()
	if err != nil {
		t.Fatal(err)
	}
	if err := raw.Control(func(fd uintptr) { _, err = unix.FcntlInt(fd, unix.F_SETPIPE_SZ, 4096) }); err != nil {
		t.Fatal(err)
	}
	err = proc.WriteNow(w, make([]byte, proc.MaxStartup))
	if err == nil || !strings.Contains(err.Error(), "has 32768 bytes and the lifeline pipe took 4096") {
		t.Errorf("err = %v", err)
	}
}

// program writes an executable script's worth of a real program: a script would not be "busy".
func program(t *testing.T, path string) *os.File {
	t.Helper()
	b, err := os.ReadFile("/bin/true")
	if err != nil {
		t.Fatal(err)
	}
	f, err := os.OpenFile(path, os.O_CREATE|os.O_WRONLY, 0o700)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := f.Write(b); err != nil {
		t.Fatal(err)
	}
	return f
}

func TestStartWaitsOutAShortTextFileBusy(t *testing.T) {
	f := program(t, filepath.Join(t.TempDir(), "p"))
	time.AfterFunc(20*time.Millisecond, func() { f.Close() })
	p := start(t, proc.Spec{Path: f.Name()})
	if exit := await(t, p); !exit.Success() {
		t.Error(exit)
	}
}

func TestStartGivesUpOnALongTextFileBusy(t *testing.T) {
	f := program(t, filepath.Join(t.TempDir(), "p"))
	defer f.Close()
	_, err := proc.OS.Start(proc.Spec{Path: f.Name()})
	if !errors.Is(err, syscall.ETXTBSY) || !strings.Contains(err.Error(), "a writer still has the file open after 100ms") {
		t.Errorf("err = %v", err)
	}
}

func TestProgramsWrittenWhileOthersForkStartAllTheSame(t *testing.T) {
	dir := t.TempDir()
	var group sync.WaitGroup
	for i := range 8 {
		group.Go(func() {
			for j := range 10 {
				f := program(t, filepath.Join(dir, fmt.Sprint(i, "-", j)))
				f.Close()
				p, err := proc.OS.Start(proc.Spec{Path: f.Name()})
				if err != nil {
					t.Error(err)
					return
				}
				<-p.Done()
				p.Close()
			}
		})
	}
	group.Wait()
}
