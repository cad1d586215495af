//go:build linux

package e2e_test

import (
	"fmt"
	"os"
	"os/exec"
	"os/user"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/go-hotplug/hotplug/host"
	"github.com/go-hotplug/hotplug/internal/asroot"
)

// inShell is a wrapper that hands on what it has, and replaces itself.
func inShell(script string) []string { return []string{"sh", "-c", script, "wrapper"} }

// describe asks a crasher what it is.
func describe(t *testing.T, p *host.Plugin) process {
	t.Helper()
	got, err := crasherDescribe.Call(t.Context(), p, struct{}{})
	if err != nil {
		t.Fatal(err)
	}
	return got
}

func TestAWorkerRunsUnderItsWrapper(t *testing.T) {
	s := newSite(t)
	l := s.launch("crasher")
	l.Args, l.Wrap = []string{"-v", "a b"}, inShell(`WRAPPED=yes exec "$@"`)
	p := s.startWorker(l)
	got := describe(t, p)
	if !slices.Contains(got.Env, "WRAPPED=yes") || strings.Join(got.Args, "|") != "-v|a b" || got.PID != p.Status().PID {
		t.Errorf("it has %q, %q, process %d; status says %d", got.Env, got.Args, got.PID, p.Status().PID)
	}
}

func TestAPluginRunsUnderTheWrapperThatItsHostSets(t *testing.T) {
	s := newSite(t)
	s.crasher("", nil)
	h := s.open(func(c *host.Config) {
		c.Plugins = map[string]host.Settings{"crasher": {Wrap: inShell(`WRAPPED=yes exec "$@"`)}}
	})
	if got := describe(t, h.Plugin("crasher")); !slices.Contains(got.Env, "WRAPPED=yes") || !strings.HasPrefix(got.Path, s.state) {
		t.Errorf("%q runs with %q", got.Path, got.Env)
	}
	s.goesOn(h)
}

func TestAWrapperThatStaysGoesWithItsPlugin(t *testing.T) {
	s := newSite(t)
	l := s.launch("crasher")
	l.Wrap = inShell(`"$@"; exit $?`)
	p := s.startWorker(l)
	if got := describe(t, p); got.PID == p.Status().PID {
		t.Errorf("process %d is the wrapper's, too", got.PID)
	}
	if _, err := crasherExit.Call(t.Context(), p, exitRequest{Code: 9}); err == nil {
		t.Error("it did not end")
	}
	until(t, 10*time.Second, "shut down", func() bool { _, ok := s.shutdown("crasher"); return ok })
	if d, _ := s.shutdown("crasher"); d.Code != 9 {
		t.Errorf("it ended with %+v, want the exit status of the worker", d)
	}
}

func TestTheWrappersLimitsAreTheWorkers(t *testing.T) {
	s := newSite(t)
	l := s.launch("crasher")
	l.MaxOpenFiles, l.Wrap = 77, inShell(`ulimit -n 50; exec "$@"`)
	text, err := os.ReadFile(fmt.Sprintf("/proc/%d/limits", describe(t, s.startWorker(l)).PID))
	if err != nil || !strings.Contains(strings.Join(strings.Fields(string(text)), " "), "Max open files 50 50 files") {
		t.Errorf("%v\n%s", err, text)
	}
}

func TestLimitsReachAPluginThatItsWrapperForks(t *testing.T) {
	for name, wrap := range map[string][]string{
		"a shell": inShell(`"$@"; exit $?`),
		"timeout": {"timeout", "100"},
		"unshare": {"unshare", "--fork"},
	} {
		t.Run(name, func(t *testing.T) {
			if _, err := exec.LookPath(wrap[0]); err != nil {
				t.Skip(err)
			}
			s := newSite(t)
			l := s.launch("crasher")
			l.MaxOpenFiles, l.Wrap = 77, wrap
			p := s.startWorker(l)
			pid := describe(t, p).PID
			text, err := os.ReadFile(fmt.Sprintf("/proc/%d/limits", pid))
			if err != nil || !strings.Contains(strings.Join(strings.Fields(string(text)), " "), "Max open files 77 77 files") {
				t.Errorf("%v\n%s", err, text)
			}
			if st := p.Status(); pid == st.PID || len(st.Warnings) > 0 {
				t.Errorf("process %d is the wrapper's, too, or there are warnings: %q", pid, st.Warnings)
			}
		})
	}
}

func TestAWorkerRunsInABubbleWithoutANetwork(t *testing.T) {
	if _, err := exec.LookPath("bwrap"); err != nil {
		t.Skip(err)
	}
	s := newSite(t)
	l := s.launch("crasher")
	l.Wrap = []string{"bwrap", "--ro-bind", "/", "/", "--dev", "/dev", "--proc", "/proc", "--unshare-net", "--"}
	p := s.startWorker(l)
	if got := describe(t, p); target(t, fmt.Sprintf("/proc/%d/ns/net", got.PID)) == target(t, "/proc/self/ns/net") {
		t.Error("it is in the host's network")
	}
	mustDo(t, p.Close())
	if d, _ := s.shutdown("crasher"); d.Code != 0 || !d.Asked {
		t.Errorf("it ended with %+v", d)
	}
}

// other is a user of this machine that is not this one.
func other(t *testing.T) *user.User {
	t.Helper()
	u, err := user.Lookup("nobody")
	if err != nil {
		t.Skip(err)
	}
	asroot.Need(t, "only root starts processes of other users")
	return u
}

// forAll makes a folder that all may enter.
func forAll(t *testing.T) string {
	t.Helper()
	dir, err := os.MkdirTemp("", "e2e-all-")
	if err == nil {
		err = os.Chmod(dir, 0o755)
	}
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { os.RemoveAll(dir) })
	return dir
}

// copyTo puts a binary where all may execute it.
func copyTo(t *testing.T, dir, binary string) string {
	t.Helper()
	text, err := os.ReadFile(filepath.Join(binaries, binary))
	path := filepath.Join(dir, binary)
	if err == nil {
		err = os.WriteFile(path, text, 0o755)
	}
	if err != nil {
		t.Fatal(err)
	}
	return path
}

// runsAs fails the test unless a process is a user's, in every respect.
func runsAs(t *testing.T, p process, u *user.User) {
	t.Helper()
	pid := fmt.Sprint(p.PID)
	if got, want := statusOf(t, pid, "Uid"), strings.Repeat(u.Uid+" ", 3)+u.Uid; got != want {
		t.Errorf("users %s, want %s", got, want)
	}
	if got, want := statusOf(t, pid, "Gid"), strings.Repeat(u.Gid+" ", 3)+u.Gid; got != want {
		t.Errorf("groups %s, want %s", got, want)
	}
	groups, err := u.GroupIds()
	if got := strings.Fields(statusOf(t, pid, "Groups")); err != nil || slices.ContainsFunc(got, func(g string) bool { return !slices.Contains(groups, g) }) {
		t.Errorf("groups besides: %s, want some of %s", got, groups)
	}
	for _, want := range []string{"USER=" + u.Username, "LOGNAME=" + u.Username, "HOME=" + u.HomeDir} {
		name, _, _ := strings.Cut(want, "=")
		var found []string
		for _, kv := range p.Env {
			if strings.HasPrefix(kv, name+"=") {
				found = append(found, kv)
			}
		}
		if len(found) != 1 || found[0] != want {
			t.Errorf("it has %q, want %s", found, want)
		}
	}
}

func TestAWorkerRunsAsTheUserThatItsLaunchNames(t *testing.T) {
	u := other(t)
	for _, name := range []string{u.Username, u.Uid} {
		s := newSite(t)
		l := s.launch("crasher")
		l.Path, l.User = copyTo(t, forAll(t), "crasher"), name
		p := s.startWorker(l)
		runsAs(t, describe(t, p), u)
		mustDo(t, p.Close())
	}
}

func TestAPluginRunsAsTheUserThatItsHostSetsFromACopyThatOnlyTheHostMayChange(t *testing.T) {
	u := other(t)
	s := newSite(t)
	s.state = forAll(t)
	mustDo(t, os.Chmod(s.state, 0o700)) // the host's own folder is opened as far as it has to be
	s.crasher("", nil)
	h := s.open(func(c *host.Config) { c.Plugins = map[string]host.Settings{"crasher": {User: u.Username}} })
	got := describe(t, h.Plugin("crasher"))
	runsAs(t, got, u)
	for path, want := range map[string]os.FileMode{got.Path: 0o555, filepath.Dir(got.Path): 0o755, filepath.Join(s.state, "store"): 0o711, s.state: 0o711} {
		info, err := os.Stat(path)
		if err != nil || info.Mode().Perm() != want || info.Sys().(*syscall.Stat_t).Uid != 0 {
			t.Errorf("%s: %v, %v; want root's, mode %o", path, info.Mode(), err, want)
		}
	}
	if err := h.Plugin("crasher").Reload(t.Context()); err != nil {
		t.Errorf("reload: %v", err)
	}
	if copies, _ := filepath.Glob(filepath.Join(s.state, "store", "*", "crasher")); len(copies) != 1 {
		t.Errorf("it was copied again: %v", copies)
	}
	s.goesOn(h)
}

func TestAUserThatMayNotEnterAFolderIsNamedWithIt(t *testing.T) {
	u := other(t)
	s := newSite(t)
	dir := forAll(t)
	mustDo(t, os.Mkdir(filepath.Join(dir, "private"), 0o700))
	l := s.launch("crasher")
	l.Path, l.User = copyTo(t, filepath.Join(dir, "private"), "crasher"), u.Username
	_, err := host.Start(t.Context(), l)
	says(t, err, "user nobody may not enter or execute "+filepath.Join(dir, "private")+": ")
}

func TestAKilledHostTakesPluginsOfOtherUsersWithIt(t *testing.T) {
	u := other(t)
	s := newSite(t)
	s.state = forAll(t)
	s.company()
	st := s.perform(play{User: u.Username})
	if got := statusOf(t, fmt.Sprint(st.cast.Plugins["oddity"]), "Uid"); !strings.HasPrefix(got, u.Uid+" ") {
		t.Fatalf("the oddity runs as %s", got)
	}
	st.goes(st.kill)
}
