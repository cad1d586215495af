package proc_test

import (
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
	"testing"
)

// warnings are what a log was told, without the message.
type warnings []string

func (w *warnings) Debug(string, ...any) {}

func (w *warnings) Warn(_ string, args ...any) {
	*w = append(*w, strings.TrimSuffix(fmt.Sprintln(args...), "\n"))
}

func TestWhatTheApplicationOpensByItselfReachesNoProcessAndIsTold(t *testing.T) {
	path := filepath.Join(t.TempDir(), "secret")
	if err := os.WriteFile(path, nil, 0o600); err != nil {
		t.Fatal(err)
	}
	opened, err := syscall.Open(path, syscall.O_RDONLY, 0)
	if err != nil {
		t.Fatal(err)
	}
	defer syscall.Close(opened)
	copied, err := syscall.Dup(opened)
	if err != nil {
		t.Fatal(err)
	}
	defer syscall.Close(copied)

	var told warnings
	spec := role("wait-ready")
	spec.Log = &told
	p := start(t, spec)
	links, err := os.ReadDir(fmt.Sprintf("/proc/%d/fd", p.PID()))
	if err != nil {
		t.Fatal(err)
	}
	for _, link := range links {
		if target, _ := os.Readlink(fmt.Sprintf("/proc/%d/fd/%s", p.PID(), link.Name())); target == path {
			t.Errorf("the process has it as descriptor %s", link.Name())
		}
	}
	for _, fd := range []int{opened, copied} {
		if want := fmt.Sprint("descriptor ", fd, " target ", path); !slices.Contains(told, want) {
			t.Errorf("told of %q, want %q among them", told, want)
		}
	}
	told = nil
	start(t, spec)
	if len(told) > 0 {
		t.Errorf("told twice: %q", told)
	}
}
