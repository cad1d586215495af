//go:build linux

package e2e_test

import (
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/go-hotplug/hotplug/e2e/internal/oddityapi"
	"github.com/go-hotplug/hotplug/host"
	"github.com/go-hotplug/hotplug/rpc"
)

// launch is a worker without a plugins folder.
func (s *site) launch(binary string) host.Launch {
	c := s.config()
	c.Dir, c.StateDir = "", ""
	return host.Launch{Path: filepath.Join(binaries, binary), Host: c}
}

// startWorker starts it, and closes it with the test.
func (s *site) startWorker(l host.Launch) *host.Plugin {
	s.t.Helper()
	p, err := host.Start(s.t.Context(), l)
	if err != nil {
		s.t.Fatal(err)
	}
	s.t.Cleanup(func() { p.Close() })
	return p
}

func TestAWorkerNeedsNoFolder(t *testing.T) {
	for _, serializer := range []string{"", "MessagePackSerializer", "JsonSerializer"} {
		t.Run(serializer, func(t *testing.T) {
			s := newSite(t)
			l := s.launch("counter")
			l.Serializer = serializer
			p := s.startWorker(l)
			got, err := counterAdd.Call(t.Context(), p, delta{By: 1 << 40})
			if err != nil || got.Value != 1<<40 || p.Name() != "counter" {
				t.Errorf("%s: %d, %v", p.Name(), got.Value, err)
			}
		})
	}
}

func TestAWorkerGetsItsArgumentsEnvironmentAndFolder(t *testing.T) {
	t.Setenv("E2E_SECRET", "hunter2")
	s := newSite(t)
	l := s.launch("crasher")
	l.Args, l.Env, l.Dir, l.Name = []string{"-v"}, []string{"E2E_OWN=1"}, s.plugins, "worker"
	p := s.startWorker(l)
	got, err := crasherDescribe.Call(t.Context(), p, struct{}{})
	env := strings.Join(got.Env, "\n")
	if err != nil || got.Dir != s.plugins || len(got.Args) != 1 || got.Path != l.Path || !strings.Contains(env, "E2E_OWN=1") || strings.Contains(env, "hunter2") || p.Name() != "worker" {
		t.Errorf("%s: %+v, %v", p.Name(), got, err)
	}
}

func TestAWorkerThatDoesNotStartSaysWhyAndLeavesNothing(t *testing.T) {
	tests := map[string]struct {
		change func(*host.Launch)
		says   []string
	}{
		"no path": {func(l *host.Launch) { l.Path = "" }, []string{"Path is empty", "name the executable"}},
		"missing": {func(l *host.Launch) { l.Path = "/no/such/file" }, []string{"start /no/such/file", "no such file"}},
		"exits": {func(l *host.Launch) {
			l.Env = []string{"CRASHER_START=exit", "CRASHER_CODE=3", "CRASHER_STDERR=out of cheese"}
		}, []string{"exit status 3", "out of cheese"}},
		"silent":             {func(l *host.Launch) { l.Env = []string{"CRASHER_START=silent"}; l.Host.Timeouts.Start = time.Second }, []string{"not ready within 1s"}},
		"socket path":        {func(l *host.Launch) { l.SocketPath = "/tmp/" + strings.Repeat("x", 120) }, []string{"is 125 bytes long", "linux allows 107"}},
		"unknown serializer": {func(l *host.Launch) { l.Serializer = "MoonSerializer" }, []string{"MoonSerializer", "MessagePackSerializer"}},
		"not a plugin":       {func(l *host.Launch) { l.Path = "/bin/true" }, []string{"exit status 0", "nothing to stderr"}},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			s := newSite(t)
			l := s.launch("crasher")
			test.change(&l)
			p, err := host.Start(t.Context(), l)
			if err == nil {
				p.Close()
			}
			says(t, err, test.says...)
		})
	}
}

func TestAWorkersCrashIsReported(t *testing.T) {
	s := newSite(t)
	p := s.startWorker(s.launch("crasher"))
	_, err := crasherExit.Call(t.Context(), p, exitRequest{Code: 5, Stderr: "the last word"})
	says(t, err, "exit status 5")
	until(t, 10*time.Second, "failed", func() bool { return p.Status().State == host.Failed })
	err = p.Ready(t.Context())
	var report *host.CrashReport
	if !errors.As(err, &report) || report.Code != 5 || !errors.Is(err, rpc.Unavailable) {
		t.Errorf("%v", err)
	}
	says(t, err, "exit status 5", "the last word")
}

func TestAWorkersSocketMayLieWhereItIsWanted(t *testing.T) {
	s := newSite(t)
	l := s.launch("counter")
	l.SocketPath = filepath.Join(s.runtime, "mine")
	p := s.startWorker(l)
	if info, err := os.Stat(l.SocketPath); err != nil || info.Mode()&os.ModeSocket == 0 {
		t.Errorf("%v, %v", info, err)
	}
	p.Close()
	if _, err := os.Stat(l.SocketPath); !os.IsNotExist(err) {
		t.Errorf("after Close: %v", err)
	}
}

func TestForwardAnswersOnePluginByAnother(t *testing.T) {
	s := newSite(t)
	s.install("markdown", "markdown", m{"requires": m{"highlight?": "^1.0"}})
	s.install("highlight", "highlight", nil)
	h := s.open(func(c *host.Config) { c.Handlers = []rpc.Handler{host.Forward(highlightHighlight, "highlight")} })
	page := renderRequest{Name: "a.md", Source: "# Title\n\n```go\nfunc main() {}\n```\n"}
	doc, err := markdownRender.Call(t.Context(), h.Plugin("markdown"), page)
	if err != nil || doc.Title != "Title" || !strings.Contains(doc.HTML, `class="kd"`) {
		t.Errorf("%+v, %v; want highlighted code", doc, err)
	}
	h.Plugin("highlight").Close()
	doc, err = markdownRender.Call(t.Context(), h.Plugin("markdown"), page)
	if err != nil || doc.Title != "Title" || strings.Contains(doc.HTML, `class="kd"`) || !strings.Contains(doc.HTML, "func main") {
		t.Errorf("without the highlighter: %+v, %v; want plain code", doc, err)
	}
	s.goesOn(h)
}

func TestForwardSaysWhyItCannot(t *testing.T) {
	s := newSite(t)
	s.oddity("", nil)
	h := s.open(func(c *host.Config) { c.Handlers = []rpc.Handler{host.Forward(oddityapi.Double, "nobody")} })
	_, err := oddityapi.Relay.Call(t.Context(), h.Plugin("oddity"), oddityapi.Number{N: 1})
	if !errors.Is(err, rpc.NotFound) {
		t.Errorf("%v, want NotFound", err)
	}
	says(t, err, `plugin "nobody" is not installed`)
	l := s.launch("oddity")
	l.Host.Handlers = []rpc.Handler{host.Forward(oddityapi.Double, "nobody")}
	_, err = oddityapi.Relay.Call(t.Context(), s.startWorker(l), oddityapi.Number{N: 1})
	says(t, err, "e2e.double", "this worker's host has no plugins folder")
	s.goesOn(h)
}
