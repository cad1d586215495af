//go:build linux

package e2e_test

import (
	"slices"
	"sync/atomic"
	"testing"
	"time"

	"github.com/hashicorp/go-hclog"

	"github.com/go-hotplug/hotplug/host"
)

func TestALoggerThatHangsHoldsUpNeitherPluginNorClose(t *testing.T) {
	s := newSite(t)
	logger := &hangingLogger{Logger: s.log.logger, release: make(chan struct{}), hanging: &atomic.Int32{}}
	t.Cleanup(func() { // before nothingIsLeft looks: the line that hangs may end
		close(logger.release)
		until(t, 10*time.Second, "let go", func() bool { return logger.hanging.Load() == 0 })
	})
	s.crasher("", nil)
	h := s.open(func(c *host.Config) { c.Logger = logger })
	start := time.Now()
	if _, err := crasherFlood.Call(t.Context(), h.Plugin("crasher"), floodRequest{Stream: "both", Flavour: "lines", Bytes: 1 << 20}); err != nil {
		t.Error(err)
	}
	if took := time.Since(start); took > 10*time.Second { // promised: a second, once
		t.Errorf("the flood took %s", took)
	}
	s.goesOn(h)
	start = time.Now()
	h.Plugin("crasher").Close()
	if took := time.Since(start); took > 20*time.Second { // promised: two seconds for what was not logged
		t.Errorf("Close took %s", took)
	}
	s.goesOn(h)
}

// A hangingLogger hangs on every line that a crasher prints.
type hangingLogger struct {
	hclog.Logger
	release chan struct{} // closed by the test
	hanging *atomic.Int32 // lines that wait for it
	crasher bool
}

func (l *hangingLogger) With(args ...any) hclog.Logger {
	crasher := l.crasher || slices.Contains(args, any("crasher"))
	return &hangingLogger{Logger: l.Logger.With(args...), release: l.release, hanging: l.hanging, crasher: crasher}
}

func (l *hangingLogger) Log(level hclog.Level, message string, args ...any) {
	if l.crasher && slices.Contains(args, any("stream")) {
		l.hanging.Add(1)
		defer l.hanging.Add(-1)
		<-l.release
	}
	l.Logger.Log(level, message, args...)
}

func TestALoggerThatPanicsBreaksNothing(t *testing.T) {
	s := newSite(t)
	s.crasher("", nil)
	h := s.open(func(c *host.Config) { c.Logger = panickingLogger{s.log.logger} })
	if _, err := crasherFlood.Call(t.Context(), h.Plugin("crasher"), floodRequest{Stream: "both", Flavour: "lines", Bytes: 10_000}); err != nil {
		t.Error(err)
	}
	_, _ = crasherExit.Call(t.Context(), h.Plugin("crasher"), exitRequest{Code: 2})
	until(t, 10*time.Second, "failed", func() bool { return h.Plugin("crasher").Status().State == host.Failed })
	s.goesOn(h)
}

type panickingLogger struct{ hclog.Logger }

func (l panickingLogger) With(...any) hclog.Logger        { return l }
func (l panickingLogger) Log(hclog.Level, string, ...any) { panic("logger") }

func TestAStartHookThatWritesALineWithoutAnEndIsNoObstacle(t *testing.T) {
	s := newSite(t)
	s.oddity("huge-log", nil)
	h := s.open()
	if err := h.Plugin("oddity").Ready(t.Context()); err != nil {
		t.Error(err)
	}
	s.goesOn(h)
}
