//go:build linux

package e2e_test

import (
	"bytes"
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/go-hotplug/hotplug/e2e/internal/faults"
	"github.com/go-hotplug/hotplug/internal/wire"
)

// The victims of these tests are plugins, and the test is their host: it breaks every rule. GOGC keeps what they hold near to what they need.
const victimGC = "GOGC=25"

func newVictim(t *testing.T, serializer string) *worker {
	t.Helper()
	return byHand(t, "victim", func(s *wire.Startup) { s.Limits, s.Serializer = siegeLimits, serializer }, victimGC)
}

// resident is what a process has in memory that is no file, in bytes: now, and at most.
func resident(t *testing.T, pid int) (now, most int64) {
	t.Helper()
	text, err := os.ReadFile(fmt.Sprintf("/proc/%d/status", pid))
	mustDo(t, err)
	return residentIn(text)
}

// residentIn is resident by what the system says of a process.
func residentIn(text []byte) (now, most int64) {
	for line := range strings.Lines(string(text)) {
		name, value, _ := strings.Cut(line, ":")
		kilobytes, _ := strconv.ParseInt(strings.TrimSuffix(strings.TrimSpace(value), " kB"), 10, 64)
		switch name {
		case "VmRSS":
			now = kilobytes << 10
		case "VmHWM":
			most = kilobytes << 10
		}
	}
	return now, most
}

// nothingStays fails the test unless a worker that has ended left no socket and no process.
func (w *worker) nothingStays() {
	w.t.Helper()
	dir := filepath.Dir(w.startup.Socket)
	if left, _ := os.ReadDir(dir); len(left) > 0 {
		w.t.Errorf("the plugin has ended, and %s still has %v", dir, left)
	}
	if left := processesOf([]int{w.cmd.Process.Pid}); len(left) > 0 {
		w.t.Errorf("processes are left: %s", strings.Join(left, ", "))
	}
}

func TestAPluginWithstandsAHostThatBreaksTheRulesOfFrames(t *testing.T) {
	for _, f := range faults.All(siegeLimits, siegeSeed) {
		t.Run(f.Name, func(t *testing.T) {
			r := faults.Record{Side: "host", Fault: f.Name, Times: f.Turns, After: "exit 70", Bound: faults.Bound(siegeLimits)}
			if f.Survives() {
				r.After = "served on"
			} else if f.Closes {
				r.After = "ended"
			}
			for turn := range f.Turns {
				grown, rule := torment(t, &f, turn)
				r.Bytes = max(r.Bytes, grown)
				if turn == 0 {
					r.Rule = rule
				}
			}
			if r.Bytes > r.Bound {
				t.Errorf("the plugin grew by %d bytes, want at most %d", r.Bytes, r.Bound)
			}
			t.Logf("%d times, %d bytes: %s", r.Times, r.Bytes, r.Rule)
			writeRecord(t, r)
		})
	}
}

// torment plays a row's turn to a plugin, and checks how that ends: by how much it grew, and what it said.
func torment(t *testing.T, f *faults.Fault, turn int) (grown int64, rule string) {
	t.Helper()
	w := newVictim(t, f.Serializer)
	stream, _, err := w.connect(nil)
	mustDo(t, err)
	before, _ := resident(t, w.cmd.Process.Pid)
	watched := watchGrowth(t, w, before)
	p := faults.NewPeer(stream, w.startup.Serializer, siegeLimits)
	survived := faults.Inject(f, p, turn)
	if survived != f.Survives() {
		t.Errorf("time %d: the connection goes on: %v, want %v", turn, survived, f.Survives())
	}
	if survived {
		p.Leave()
		w.exits(10*time.Second, 0)
		return watched(), ""
	}
	stream.Close()
	select {
	case <-w.ended:
	case <-time.After(10 * time.Second):
		t.Fatalf("time %d: the plugin runs on", turn)
	}
	w.nothingStays()
	said := lastLine(w.stderr)
	if want := f.Says(turn); want != "" && (!strings.Contains(said, want) || w.cmd.ProcessState.ExitCode() != 70) {
		t.Errorf("time %d: exit code %d, %q; want 70, and an error that says %q", turn, w.cmd.ProcessState.ExitCode(), said, want)
	}
	return watched(), said
}

// watchGrowth looks at a worker's memory until it has ended.
func watchGrowth(t *testing.T, w *worker, before int64) (grown func() int64) {
	result := make(chan int64, 1)
	go func() {
		var most int64
		for {
			if text, err := os.ReadFile(fmt.Sprintf("/proc/%d/status", w.cmd.Process.Pid)); err == nil {
				_, now := residentIn(text)
				most = max(most, now)
			}
			select {
			case <-w.ended:
				result <- max(0, most-before)
				return
			case <-time.After(5 * time.Millisecond):
			}
		}
	}()
	return func() int64 { return <-result }
}

// lastLine is what a plugin said last: a sentence, or a line for the log.
func lastLine(stderr *bytes.Buffer) string {
	lines := strings.Split(strings.TrimSpace(stderr.String()), "\n")
	last := lines[len(lines)-1]
	var logged struct {
		Message string `json:"@message"`
		Reason  string `json:"reason"`
	}
	if json.Unmarshal([]byte(last), &logged) != nil {
		return last
	}
	return logged.Message + ": " + logged.Reason
}
