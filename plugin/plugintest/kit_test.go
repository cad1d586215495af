package plugintest_test

import (
	"context"
	"fmt"
	"runtime"
	"slices"
	"strings"
	"testing"
	"time"
)

// A subject is a test of somebody else's: what it reports is kept, and fails nobody.
type subject struct {
	testing.TB
	cleanups []func()
	reports  []string
}

func (s *subject) Cleanup(f func()) { s.cleanups = append(s.cleanups, f) }
func (s *subject) Errorf(format string, args ...any) {
	s.reports = append(s.reports, fmt.Sprintf(format, args...))
}
func (s *subject) Fatalf(format string, args ...any) { s.Errorf(format, args...); runtime.Goexit() }

// reportsOf runs a test to its end and returns what it reported.
func reportsOf(t *testing.T, f func(t testing.TB)) []string {
	s := &subject{TB: t}
	run := func(f func()) {
		done := make(chan struct{})
		go func() { defer close(done); f() }()
		<-done
	}
	run(func() { f(s) })
	for _, c := range slices.Backward(s.cleanups) {
		run(c)
	}
	return s.reports
}

func wantReport(t *testing.T, got []string, want string) {
	t.Helper()
	if len(got) != 1 || !strings.Contains(got[0], want) {
		t.Errorf("reported %q, want one report with %q", got, want)
	}
}

// sleeping takes n seconds.
func sleeping(ctx context.Context, n int) (int, error) {
	select {
	case <-time.After(time.Duration(n) * time.Second):
		return n, nil
	case <-ctx.Done():
		return 0, ctx.Err()
	}
}
