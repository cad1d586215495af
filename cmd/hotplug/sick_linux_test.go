package main

import (
	"bytes"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/go-hotplug/hotplug/control"
)

// A ward is a folder of plugins in trouble, a real host of it, and what a person types and reads.
type ward struct {
	*shelf
	host  *exec.Cmd
	typed strings.Builder
}

// newWard makes one, in which the plugin crasher is version 1.0.0, and this folder the working folder.
func newWard(t *testing.T, more ...string) *ward {
	t.Helper()
	w := emptyWard(t, more...)
	w.hosts()
	return w
}

// emptyWard is newWard without the host.
func emptyWard(t *testing.T, more ...string) *ward {
	t.Helper()
	w := &ward{shelf: newShelf(t)}
	w.installs("1.0.0", more...)
	t.Chdir(filepath.Dir(w.dir))
	t.Setenv("HOME", t.TempDir())
	t.Setenv("XDG_CACHE_HOME", t.TempDir())
	return w
}

// lockedWard is one in which version 1.0.1 was installed, and only 1.0.0 is locked.
func lockedWard(t *testing.T) *ward {
	t.Helper()
	w := emptyWard(t)
	command(t, "lock", "plugins").exits(t, exitOK)
	w.hosts("--locked")
	w.sees("1.0.0\tready")
	w.installs("1.0.1")
	w.sees("the change was refused")
	return w
}

// installs puts a version of crasher into its place. No two versions have the same bytes.
func (w *ward) installs(version string, more ...string) {
	w.t.Helper()
	program, err := os.ReadFile(filepath.Join(built, "crasher"))
	if err != nil {
		w.t.Fatal(err)
	}
	w.file("new/crasher", string(program)+version, 0o755)
	w.file("new/plugin.json", manifestText("crasher", version, "crasher", more...), 0o644)
	if err := os.MkdirAll(filepath.Join(w.dir, "crasher"), 0o755); err != nil {
		w.t.Fatal(err)
	}
	for _, name := range []string{"crasher", "plugin.json"} {
		if err := os.Rename(filepath.Join(w.dir, "new", name), filepath.Join(w.dir, "crasher", name)); err != nil {
			w.t.Fatal(err)
		}
	}
	if err := os.Remove(filepath.Join(w.dir, "new")); err != nil {
		w.t.Fatal(err)
	}
}

// hosts begins hotplug run, and returns once it can be looked at.
func (w *ward) hosts(flags ...string) {
	w.t.Helper()
	w.host = exec.Command(os.Args[0], append([]string{"run", "plugins"}, flags...)...)
	w.host.Env = append(os.Environ(), asCommand+"=1")
	if err := w.host.Start(); err != nil {
		w.t.Fatal(err)
	}
	host := w.host
	w.t.Cleanup(func() {
		_ = host.Process.Signal(os.Interrupt)
		_ = host.Wait()
	})
	for began := time.Now(); command(w.t, "status", "plugins").code == exitHost; {
		if time.Since(began) > time.Minute {
			w.t.Fatal("hotplug run cannot be looked at")
		}
	}
}

// sees waits for events, one after the other, from the first one on.
func (w *ward) sees(what ...string) {
	w.t.Helper()
	f := begin(w.t, streams{}, "events", "-f", "plugins")
	defer f.end()
	for _, part := range what {
		for !strings.Contains(f.line(), part) {
		}
	}
}

func (w *ward) pid() int {
	w.t.Helper()
	w.sees("\tready\t")
	r := decoded[control.Report](w.t, command(w.t, "status", "--json", "plugins"))
	if r.Plugins[0].PID == 0 { // to signal process 0 is to signal this one
		w.t.Fatalf("it has no process: %+v", r.Plugins[0])
	}
	return r.Plugins[0].PID
}

// types runs a command and notes it, with what it prints on a terminal.
func (w *ward) types(line string) {
	w.t.Helper()
	got := on(w.t, streams{in: strings.NewReader(""), outTerminal: true}, append(strings.Fields(line), "--no-color")...)
	w.note("hotplug "+line, got.out+got.err)
}

// runs is types for what is not this command.
func (w *ward) runs(name string, args ...string) {
	w.t.Helper()
	out, err := exec.Command(name, args...).Output()
	if err != nil {
		w.t.Fatalf("%s %q: %v", name, args, err)
	}
	w.note(name+" "+strings.Join(args, " "), string(out))
}

func (w *ward) note(line, printed string) {
	elsewhere := strings.NewReplacer(filepath.Dir(w.dir), "/srv/app", os.Getenv("XDG_RUNTIME_DIR"), "/run/user/1000", fmt.Sprint("hotplugctl-", os.Getuid()), "hotplugctl-1000")
	fmt.Fprintf(&w.typed, "$ %s\n%s", line, elsewhere.Replace(printed))
}

func (w *ward) signals(pid int, s syscall.Signal) {
	w.t.Helper()
	if err := syscall.Kill(pid, s); err != nil {
		w.t.Fatal(err)
	}
}

// quick is a restart rule for which nobody has to wait long.
const quick = `"restart": {"max": 2, "window": "1m", "backoff": "10ms", "maxBackoff": "10ms"}`

// sick is what the page of operations shows of plugins in trouble.
var sick = map[string]func(t *testing.T) *ward{
	"quarantined": func(t *testing.T) *ward {
		w := newWard(t, quick, `"env": {"set": {"CRASHER_START": "exit", "CRASHER_CODE": "3", "CRASHER_STDERR": "no licence"}}`)
		w.sees("\tquarantined\t")
		w.types("status plugins")
		w.types("events -n 4 plugins")
		w.types("logs -n 1 plugins crasher")
		return w
	},
	"repaired": func(t *testing.T) *ward {
		w := newWard(t, quick, `"env": {"set": {"CRASHER_START": "exit", "CRASHER_CODE": "3", "CRASHER_STDERR": "no licence"}}`)
		w.sees("\tquarantined\t")
		w.types("enable plugins crasher")
		w.sees("\tquarantined\t", "\tquarantined\t")
		w.installs("1.0.1")
		w.sees("1.0.1\tready")
		w.types("status plugins")
		return w
	},
	"parked": func(t *testing.T) *ward {
		w := newWard(t, `"reload": {"rollbackWindow": "1m"}`)
		w.sees("1.0.0\tready")
		w.installs("1.1.0", `"reload": {"rollbackWindow": "1m"}`)
		w.sees("1.1.0\tready")
		w.types("status plugins")
		w.runs("pgrep", "-l", "-P", fmt.Sprint(w.host.Process.Pid))
		return w
	},
	"rolled back": func(t *testing.T) *ward {
		w := newWard(t, `"reload": {"rollbackWindow": "1m"}`)
		w.sees("1.0.0\tready")
		w.installs("1.1.0", `"reload": {"rollbackWindow": "1m"}`)
		w.sees("1.1.0\tready")
		w.signals(w.pid(), syscall.SIGKILL)
		w.sees("\trolled back to 1.0.0")
		w.types("status plugins")
		w.types("events -n 3 plugins")
		return w
	},
	"orphaned": func(t *testing.T) *ward {
		w := newWard(t, `"disconnect": {"mode": "keep-alive", "timeout": "1h"}`)
		pid := fmt.Sprint(w.pid())
		w.signals(w.host.Process.Pid, syscall.SIGKILL)
		_ = w.host.Wait()
		w.types("status plugins")
		w.runs("ps", "-o", "pid,comm", "-p", pid)
		w.hosts()
		w.sees("\tready\t")
		w.types("status plugins")
		command(t, "disable", "plugins", "crasher").exits(t, exitOK) // or it would stay
		return w
	},
	"locked": func(t *testing.T) *ward {
		w := lockedWard(t)
		w.types("status plugins")
		w.types("lock --check plugins")
		return w
	},
	"accepted": func(t *testing.T) *ward {
		w := lockedWard(t)
		w.types("lock plugins")
		w.sees("1.0.1\tready")
		w.types("events -n 3 plugins")
		return w
	},
	"slow to start": func(t *testing.T) *ward {
		w := newWard(t, `"env": {"set": {"CRASHER_START": "delay", "CRASHER_FOR_MS": "600000"}}`, `"timeouts": {"start": "3s"}`, `"restart": {"policy": "never"}`)
		w.sees("\tstarting\t")
		w.types("status plugins")
		w.sees("\tfailed\t")
		w.types("status plugins")
		return w
	},
	"hung": func(t *testing.T) *ward {
		w := newWard(t, quick, `"health": {"interval": "100ms", "misses": 3}`)
		w.signals(w.pid(), syscall.SIGSTOP)
		w.sees("\tbackoff\t", "\tready\t")
		w.types("events -n 4 plugins")
		return w
	},
}

var sickBlock = regexp.MustCompile("(?s)<!-- sick: ([a-z ]+) -->\n\n```text\n(.*?)```\n")

// passing is what differs from run to run, besides what changing has: durations, the names of sockets, hashes and their beginnings.
var passing = regexp.MustCompile(`\b[0-9.]+(?:µs|ms|s)\b|\b[0-9a-f]{16}\b|\b[0-9a-f]{64}\b|\b[0-9a-f]{12}\b`)

func steady(text string) string {
	return changing.ReplaceAllString(passing.ReplaceAllString(text, " "), " ")
}

func TestThePageOfOperationsShowsPluginsInTrouble(t *testing.T) {
	page, err := filepath.Abs(operationsPage)
	if err != nil {
		t.Fatal(err)
	}
	text, err := os.ReadFile(page)
	if err != nil {
		t.Fatal(err)
	}
	for name, happens := range sick {
		t.Run(name, func(t *testing.T) {
			printed := happens(t).typed.String()
			found := false
			text = sickBlock.ReplaceAllFunc(text, func(block []byte) []byte {
				m := sickBlock.FindSubmatch(block)
				if string(m[1]) != name {
					return block
				}
				found = true
				if !*update && steady(string(m[2])) != steady(printed) {
					t.Errorf("%s shows of %q\n%s\nwant\n%s\nrun go test ./cmd/hotplug -run Page -update", operationsPage, name, m[2], printed)
				}
				return bytes.Replace(block, append([]byte("```text\n"), m[2]...), []byte("```text\n"+printed), 1)
			})
			if !found {
				t.Errorf("%s shows nothing of %q:\n%s", operationsPage, name, printed)
			}
		})
	}
	if *update {
		if err := os.WriteFile(page, text, 0o644); err != nil {
			t.Fatal(err)
		}
	}
}
