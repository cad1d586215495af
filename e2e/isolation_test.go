//go:build linux

package e2e_test

import (
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"syscall"
	"testing"

	"github.com/go-hotplug/hotplug/host"
)

// procOf is where the kernel tells of a plugin's process.
func procOf(h *host.Host, name, file string) string {
	return fmt.Sprintf("/proc/%d/%s", h.Plugin(name).Status().PID, file)
}

func target(t *testing.T, link string) string {
	t.Helper()
	to, err := os.Readlink(link)
	if err != nil {
		t.Fatal(err)
	}
	return to
}

// statusOf is a line of /proc/PID/status, its fields joined by spaces. See proc_pid_status(5).
func statusOf(t *testing.T, pid, name string) string {
	t.Helper()
	text, err := os.ReadFile("/proc/" + pid + "/status")
	if err != nil {
		t.Fatal(err)
	}
	for line := range strings.Lines(string(text)) {
		if rest, ok := strings.CutPrefix(line, name+":"); ok {
			return strings.Join(strings.Fields(rest), " ")
		}
	}
	t.Fatalf("/proc/%s/status has no line %s", pid, name)
	return ""
}

func pidOf(h *host.Host, name string) string { return fmt.Sprint(h.Plugin(name).Status().PID) }

func TestAPluginLeadsASessionAndAProcessGroupOfItsOwn(t *testing.T) {
	s := newSite(t)
	s.oddity("", nil)
	h := s.open()
	pid := h.Plugin("oddity").Status().PID
	p, ok := stat(pid)
	own, _ := stat(os.Getpid())
	if !ok || p.group != pid || p.session != pid || own.session == pid {
		t.Errorf("process %d: group %d, session %d; the host's session is %d", pid, p.group, p.session, own.session)
	}
}

func TestAPluginRunsInItsCopyAndNotInTheFolderOfItsHost(t *testing.T) {
	s := newSite(t)
	s.oddity("", nil)
	h := s.open()
	here, err := os.Getwd()
	if err != nil {
		t.Fatal(err)
	}
	got := target(t, procOf(h, "oddity", "cwd"))
	if want := filepath.Join(s.state, "store", h.Plugin("oddity").Status().Hash); got != want || got == here {
		t.Errorf("it runs in %s, want %s", got, want)
	}
}

func TestAWorkerRunsInTheFolderThatItsLaunchNames(t *testing.T) {
	s := newSite(t)
	dir, err := filepath.EvalSymlinks(t.TempDir())
	if err != nil {
		t.Fatal(err)
	}
	l := s.launch("oddity")
	l.Dir = dir
	p := s.startWorker(l)
	if got := target(t, fmt.Sprintf("/proc/%d/cwd", p.Status().PID)); got != dir {
		t.Errorf("it runs in %s, want %s", got, dir)
	}
}

func TestAPluginsStandardInputIsEmptyWhateverItsHostReads(t *testing.T) {
	s := newSite(t)
	s.oddity("", nil)
	if got := target(t, procOf(s.open(), "oddity", "fd/0")); got != os.DevNull {
		t.Errorf("its descriptor 0 is %s, want %s", got, os.DevNull)
	}
}

func TestAPluginHasTheUmaskOfItsHost(t *testing.T) {
	old := syscall.Umask(0o037)
	defer syscall.Umask(old)
	s := newSite(t)
	s.oddity("", nil)
	if got := statusOf(t, pidOf(s.open(), "oddity"), "Umask"); got != "0037" {
		t.Errorf("its umask is %s, want that of its host, 0037", got)
	}
}

func TestAPluginHasNoDescriptorThatTheApplicationOpenedByItself(t *testing.T) {
	s := newSite(t)
	h := s.open()
	path := filepath.Join(t.TempDir(), "secret")
	if err := os.WriteFile(path, []byte("hunter2"), 0o600); err != nil {
		t.Fatal(err)
	}
	opened, err := syscall.Open(path, syscall.O_RDONLY, 0) // as C does: without O_CLOEXEC
	if err != nil {
		t.Fatal(err)
	}
	defer syscall.Close(opened)
	copied, err := syscall.Dup(opened)
	if err != nil {
		t.Fatal(err)
	}
	defer syscall.Close(copied)
	mustDo(t, h.Plugin("counter").Reload(t.Context()))
	for number, to := range linksIn(procOf(h, "counter", "fd")) {
		if to == path {
			t.Errorf("the plugin has it as descriptor %s", number)
		}
	}
	for _, fd := range []int{opened, copied} {
		said := func(e entry) bool {
			return strings.HasPrefix(e.message, "the application has a descriptor open") && e.fields["descriptor"] == fmt.Sprint(fd) && e.fields["target"] == path
		}
		if s.log.count(said) != 1 {
			t.Errorf("the log does not say once that descriptor %d is %s", fd, path)
		}
	}
}

func TestWhatTheApplicationOpenedBeforeItsFirstHostIsToldAndWhatItWasGivenIsNot(t *testing.T) {
	s := newSite(t)
	s.oddity("", nil)
	opened, given, log := filepath.Join(t.TempDir(), "opened"), filepath.Join(t.TempDir(), "given"), filepath.Join(t.TempDir(), "log")
	mustDo(t, os.WriteFile(opened, nil, 0o600))
	file, err := os.Create(given)
	if err != nil {
		t.Fatal(err)
	}
	defer file.Close()
	st := s.perform(play{Opens: opened, Log: log, Inherits: file})
	for number, to := range linksIn(fmt.Sprintf("/proc/%d/fd", st.cast.Plugins["oddity"])) {
		if to == opened || to == given {
			t.Errorf("the plugin has %s as descriptor %s", to, number)
		}
	}
	text, err := os.ReadFile(log)
	if got := strings.Count(string(text), "the application has a descriptor open"); err != nil || got != 1 {
		t.Errorf("the log tells of %d descriptors: %v\n%s", got, err, text)
	}
	if got := regexp.MustCompile(`descriptor=\d+ target="?` + regexp.QuoteMeta(opened)).FindString(string(text)); got == "" {
		t.Errorf("the log does not tell of %s\n%s", opened, text)
	}
}
