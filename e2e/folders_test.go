//go:build linux

package e2e_test

import (
	"context"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/go-hotplug/hotplug/host"
	"github.com/go-hotplug/hotplug/internal/asroot"
)

// A spoiler makes a configuration unusable; the error says these parts.
type spoiler struct {
	change func(*testing.T, *host.Config)
	says   []string
}

var badRuntimeFolders = map[string]spoiler{
	"a runtime folder whose socket paths are too long": {func(t *testing.T, c *host.Config) {
		c.RuntimeDir = filepath.Join(c.RuntimeDir, strings.Repeat("long", 25))
		mustDo(t, os.Mkdir(c.RuntimeDir, 0o700))
	}, []string{"socket path", "linux allows 107", "set RuntimeDir to a shorter folder"}},
	"a runtime folder of another user": {func(t *testing.T, c *host.Config) {
		asroot.Need(t, "only root can give a folder away")
		mustDo(t, os.Chown(c.RuntimeDir, 12345, 12345))
	}, []string{"belongs to user 12345", "this process runs as user 0", "set RuntimeDir"}},
	"a runtime folder that the group may write to": {func(t *testing.T, c *host.Config) {
		mustDo(t, os.Chmod(c.RuntimeDir, 0o770))
	}, []string{"has mode 0770", "chmod 0700"}},
	"a runtime folder that everybody may write to": {func(t *testing.T, c *host.Config) {
		mustDo(t, os.Chmod(c.RuntimeDir, 0o777))
	}, []string{"has mode 0777", "chmod 0700"}},
	"a runtime folder that is not there": {func(t *testing.T, c *host.Config) {
		c.RuntimeDir = filepath.Join(c.RuntimeDir, "gone")
	}, []string{"runtime folder", "gone", "no such file"}},
	"a runtime folder that is a file": {func(t *testing.T, c *host.Config) {
		c.RuntimeDir = filepath.Join(c.Dir, "file")
		mustDo(t, os.WriteFile(c.RuntimeDir, nil, 0o600))
	}, []string{"is not a folder"}},
}

var badOtherFolders = map[string]spoiler{
	"a state folder that is a file": {func(t *testing.T, c *host.Config) {
		c.StateDir = filepath.Join(c.Dir, "file")
		mustDo(t, os.WriteFile(c.StateDir, nil, 0o600))
	}, []string{"store", "not a directory"}},
	"a store that others may write to": {func(t *testing.T, c *host.Config) {
		dir := filepath.Join(c.StateDir, "store")
		mustDo(t, os.Mkdir(dir, 0o700))
		mustDo(t, os.Chmod(dir, 0o777))
	}, []string{"store", "may be written to by others", "chmod 0700"}},
	"a store of another user": {func(t *testing.T, c *host.Config) {
		asroot.Need(t, "only root can give a folder away")
		dir := filepath.Join(c.StateDir, "store")
		mustDo(t, os.Mkdir(dir, 0o700))
		mustDo(t, os.Chown(dir, 12345, 12345))
	}, []string{"belongs to user 12345", "choose another state folder"}},
	"a plugins folder that is not there": {func(_ *testing.T, c *host.Config) {
		c.Dir = filepath.Join(c.Dir, "nowhere")
	}, []string{"read plugins folder", "nowhere", "no such file"}},
	"no plugins folder": {func(t *testing.T, c *host.Config) { c.Dir = "" }, []string{"Dir is empty", "name the plugins folder"}},
}

func TestOpenRefusesARuntimeFolderThatItCannotUseAndSaysWhatToDo(t *testing.T) {
	refuses(t, badRuntimeFolders)
}

func TestOpenRefusesAStateOrPluginsFolderThatItCannotUseAndSaysWhatToDo(t *testing.T) {
	refuses(t, badOtherFolders)
}

func refuses(t *testing.T, tests map[string]spoiler) {
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			s := newSite(t)
			s.install("counter", "counter", nil)
			c := s.config()
			test.change(t, &c)
			h, err := host.Open(t.Context(), c)
			if err == nil {
				h.Close()
			}
			says(t, err, test.says...)
			if len(s.groups) > 0 {
				t.Errorf("processes were started: %v", s.groups)
			}
			mustDo(t, os.RemoveAll(filepath.Join(s.runtime, strings.Repeat("long", 25))))
		})
	}
}

func mustDo(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

func TestARuntimeFolderForEverybodyIsTakenIfItIsSticky(t *testing.T) {
	s := newSite(t)
	mustDo(t, os.Chmod(s.runtime, 0o777|os.ModeSticky))
	h := s.open()
	s.goesOn(h)
}

func TestTheFolderOfSocketsIsClosedToOthers(t *testing.T) {
	s := newSite(t)
	s.open()
	found, err := os.ReadDir(s.runtime)
	if err != nil || len(found) != 1 {
		t.Fatalf("%v, %v; want one folder", found, err)
	}
	if info, err := found[0].Info(); err != nil || info.Mode() != os.ModeDir|0o700 {
		t.Errorf("%v, %v; want a folder of mode 0700", info.Mode(), err)
	}
}

func TestWhatRunsIsNotTouchedByWhatHappensInThePluginsFolder(t *testing.T) {
	s := newSite(t)
	dir := s.installManifest("oddity", "oddity", nil)
	binary, err := os.ReadFile(filepath.Join(binaries, "oddity"))
	mustDo(t, err)
	entry := filepath.Join(dir, "oddity")
	mustDo(t, os.WriteFile(entry, binary, 0o755))
	h := s.open()
	before := h.Plugin("oddity").Status()
	mustDo(t, os.WriteFile(entry, []byte("rewritten in place while it runs"), 0o755))
	s.stillRuns(h, before)
	mustDo(t, os.RemoveAll(dir))
	s.stillRuns(h, before)
	mustDo(t, os.RemoveAll(s.plugins))
	s.stillRuns(h, before)
	s.goesOn(h)
}

// stillRuns fails the test unless the oddity runs as it did.
func (s *site) stillRuns(h *host.Host, before host.Status) {
	s.t.Helper()
	now := h.Plugin("oddity").Status()
	if _, err := h.Plugin("oddity").Ping(s.t.Context()); err != nil || now.PID != before.PID || now.Generation != before.Generation || now.Hash != before.Hash {
		s.t.Errorf("%v; %+v, before %+v", err, now, before)
	}
}

func TestOpenGivesUpWithItsContextAndLeavesNothing(t *testing.T) {
	s := newSite(t)
	s.crasher("silent", m{"timeouts": m{"start": "60s"}})
	s.install("counter", "counter", nil)
	ctx, cancel := context.WithCancel(t.Context())
	c := s.config()
	c.Hooks.Event = func(e host.Event) {
		if e.Plugin == "counter" && e.To == host.Ready {
			cancel()
		}
	}
	h, err := host.Open(ctx, c)
	if err == nil {
		h.Close()
	}
	says(t, err, "open host e2e", "context canceled")
}
