//go:build linux

package e2e_test

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/go-hotplug/hotplug/e2e/internal/oddityapi"
	"github.com/go-hotplug/hotplug/host"
)

// locks has a person accept what is installed, and returns what the command printed.
func (s *site) locks(sh *shell) string {
	s.t.Helper()
	return strings.Join(sh.line("$H lock "+s.plugins), "\n")
}

func TestALockedHostRefusesAChangedBinaryAndTakesItOnceItIsLockedWithoutAFailedCall(t *testing.T) {
	sh := newShell(t)
	s := newSite(t)
	s.put(edition{version: "1.0.0"})
	s.install("counter", "counter", nil)
	s.locks(sh)
	h := s.openAsIs(func(c *host.Config) { c.Locked, c.Watch = true, true })
	p := h.Plugin("oddity")
	before := answers(t, p, "1.0.0")
	c := gather(t, 8, func(int, int) error {
		_, err := oddityapi.Add.Call(t.Context(), p, number{N: 1})
		return err
	})
	c.busy()

	binary := filepath.Join(s.plugins, "oddity", "oddity")
	program, err := os.ReadFile(binary)
	mustDo(t, err)
	s.replace(binary, append(program, "altered"...), 0o755)
	until(t, 30*time.Second, "refused", func() bool { return strings.Contains(p.Status().Error, "its entry oddity has the SHA-256 ") })
	says(t, p.Reload(t.Context()), `plugin "oddity" 1.0.0 differs from the lock file `+s.plugins+"/plugins.lock", ", locked is ", "`hotplug lock "+s.plugins+"`")
	c.busy()
	if now := answers(t, p, "1.0.0"); now.PID != before.PID || p.Status().State != host.Ready {
		t.Errorf("%+v answers, want the process of %+v", now, before)
	}

	if said := s.locks(sh); !strings.Contains(said, "1 plugin changed") {
		t.Errorf("hotplug lock said %s", said)
	}
	until(t, 30*time.Second, "another process", func() bool { return p.Status().PID != before.PID && p.Status().State == host.Ready })
	c.busy()
	if calls := c.leave(); calls < 60 || p.Status().Error != "" {
		t.Errorf("%d calls, status %+v", calls, p.Status())
	}
	s.goesOn(h)
}

func TestAnEntryThatIsNotWhatItsManifestSaysHasNoProcess(t *testing.T) {
	s := newSite(t)
	s.install("oddity", "oddity", m{"entry": m{"linux/amd64": m{"path": "oddity", "sha256": strings.Repeat("0", 64)}, "linux/arm64": m{"path": "oddity", "sha256": strings.Repeat("0", 64)}}})
	h := s.open()
	says(t, failure(t, h, "oddity"), `entry "oddity" has the SHA-256 `, ", expected was "+strings.Repeat("0", 64))
	s.mu.Lock()
	if len(s.groups) != 1 {
		t.Errorf("processes %v were started, want the counter's alone", s.groups)
	}
	s.mu.Unlock()
	s.goesOn(h)
}
