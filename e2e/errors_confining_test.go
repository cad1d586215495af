//go:build linux

package e2e_test

import (
	"os"
	"path/filepath"
	"testing"

	"github.com/go-hotplug/hotplug/e2e/internal/oddityapi"
	"github.com/go-hotplug/hotplug/host"
	"github.com/go-hotplug/hotplug/rpc"
)

func TestErrorsOfConfiningAPlugin(t *testing.T) {
	c := openChapter(t, "Confining a plugin")
	start := func(change func(*host.Launch)) error {
		l := newSite(t).launch("counter")
		change(&l)
		_, err := host.Start(t.Context(), l)
		return err
	}
	c.meets(start(func(l *host.Launch) { l.Wrap = []string{"no-such-wrapper", "--quiet"} }))
	c.meets(start(func(l *host.Launch) { l.User = "no-such-user" }))
	c.meets(start(func(l *host.Launch) { l.User, l.Protocol = "nobody", rpc.ProtocolIsolatedWorkers }))
	if os.Geteuid() == 0 {
		private := filepath.Join(forAll(t), "private")
		mustDo(t, os.Mkdir(private, 0o700))
		c.meets(start(func(l *host.Launch) { l.Path, l.User = copyTo(t, private, "counter"), "nobody" }))
		c.asWritten(otherUser, "as user NAME: this host")
	} else {
		c.meets(start(func(l *host.Launch) { l.User = "nobody" }))
		c.asWritten(otherUser, "permission denied: user NAME")
	}
	t.Run("memory", c.hungryPlugin)
	c.asWritten(elsewhere, "FIELD N is kept late", "ptrace: CAUSE", "ptrace: a rule of seccomp", "its program has rights")
	c.asWritten(otherSystem, "this host runs under seccomp")
	c.asWritten(otherSystem, "limits.openFiles N is not kept: a host", "limits.memory N is not kept: a host", "as user NAME: a host on Windows")
	c.asWritten(byLuck, "limits.openFiles N is not kept: prlimit", "limits.memory N is not kept: there is", "control group", "control group PATH: it is not", "control group PATH is not", "this system has no control", "groups of user", "share copy", "ptrace: it ended", "the kernel ended it at")
}

// hungryPlugin is the error of a plugin that wants more memory than it may have.
func (c *chapter) hungryPlugin(t *testing.T) {
	s := newSite(t)
	s.oddity("", limited(m{"memory": "64MiB"}))
	h := s.open()
	_, err := oddityapi.Hold.Call(t.Context(), h.Plugin("oddity"), oddityapi.Number{N: 1 << 30})
	c.meets(err)
	c.asWritten(byLuck, "it says that it got") // where there is a control group for it
}
