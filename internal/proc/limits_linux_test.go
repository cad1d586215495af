package proc_test

import (
	"bufio"
	"fmt"
	"os"
	"runtime"
	"strconv"
	"strings"
	"testing"

	"github.com/go-hotplug/hotplug/internal/proc"
)

// limitOf is a line of a process's limits, its fields joined by spaces.
func limitOf(t *testing.T, pid int, name string) string {
	t.Helper()
	text, err := os.ReadFile(fmt.Sprintf("/proc/%d/limits", pid))
	if err != nil {
		t.Fatal(err)
	}
	for line := range strings.Lines(string(text)) {
		if rest, ok := strings.CutPrefix(line, name); ok {
			return strings.Join(strings.Fields(rest), " ")
		}
	}
	t.Fatalf("no limit is called %s", name)
	return ""
}

// begun waits until a process says that it runs.
func begun(t *testing.T, p proc.Process) {
	t.Helper()
	if _, err := bufio.NewReader(p.Stdout()).ReadString('\n'); err != nil {
		t.Fatal(err)
	}
}

func TestLimitsHoldTheProcessSoftAndHard(t *testing.T) {
	spec := role("wait-ready")
	spec.Limits = proc.Limits{OpenFiles: 33, Memory: 1 << 40}
	p := start(t, spec)
	begun(t, p)
	if unkept := p.Unkept(); len(unkept) > 0 {
		t.Errorf("not kept: %v", unkept)
	}
	if got := limitOf(t, p.PID(), "Max open files"); got != "33 33 files" {
		t.Errorf("open files: %s", got)
	}
	if got := limitOf(t, p.PID(), "Max data size"); got != fmt.Sprintf("%d %[1]d bytes", 1<<40+128<<20+runtime.NumCPU()*16<<20) && p.Identity().Group == "" {
		t.Errorf("data: %s", got)
	}
	if got := limitOf(t, p.PID(), "Max address space"); got != limitOf(t, os.Getpid(), "Max address space") {
		t.Errorf("addresses: %s: Go reserves more than it uses", got)
	}
}

func TestALimitAboveTheHostsOwnIsTheHostsOwn(t *testing.T) {
	spec := role("wait-ready")
	spec.Limits.OpenFiles = 1 << 30
	p := start(t, spec)
	begun(t, p)
	hard := strings.Fields(limitOf(t, os.Getpid(), "Max open files"))[1]
	if n, err := strconv.Atoi(hard); err != nil || n >= spec.Limits.OpenFiles {
		t.Skipf("the host's own limit is %s", hard)
	}
	if got, want := limitOf(t, p.PID(), "Max open files"), hard+" "+hard+" files"; got != want || len(p.Unkept()) > 0 {
		t.Errorf("%s, want %s; not kept: %v", got, want, p.Unkept())
	}
}

func TestWithoutLimitsTheProcessHasThoseOfTheHost(t *testing.T) {
	p := start(t, role("wait-ready"))
	if got, want := limitOf(t, p.PID(), "Max data size"), limitOf(t, os.Getpid(), "Max data size"); got != want || len(p.Unkept()) > 0 {
		t.Errorf("%s, want %s; not kept: %v", got, want, p.Unkept())
	}
}
