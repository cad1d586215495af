// Package subject runs tests that must fail, for the tests of test kits.
//
//	got := subject.Reports(t, func(t testing.TB) { plugintest.Start(t, broken, plugintest.Host{}) })
//	subject.Want(t, got, "the plugin did not start: ")
package subject

import (
	"fmt"
	"runtime"
	"slices"
	"strings"
	"testing"
)

// A subject is a test whose reports are kept, and fail nobody. One goroutine at a time uses it.
type subject struct {
	testing.TB
	cleanups []func()
	reports  []string
}

func (s *subject) Cleanup(f func()) { s.cleanups = append(s.cleanups, f) }

func (s *subject) Errorf(format string, args ...any) {
	s.reports = append(s.reports, fmt.Sprintf(format, args...))
}

func (s *subject) Fatalf(format string, args ...any) {
	s.Errorf(format, args...)
	runtime.Goexit()
}

func (s *subject) Fatal(args ...any) { s.Fatalf("%s", fmt.Sprint(args...)) }
func (s *subject) Error(args ...any) { s.Errorf("%s", fmt.Sprint(args...)) }

// Reports runs a test and its cleanups, and returns what it reported.
func Reports(t testing.TB, test func(t testing.TB)) []string {
	s := &subject{TB: t}
	inOwnGoroutine(func() { test(s) })
	for _, f := range slices.Backward(s.cleanups) {
		inOwnGoroutine(f)
	}
	return s.reports
}

// inOwnGoroutine runs what a Fatal may end.
func inOwnGoroutine(f func()) {
	done := make(chan struct{}) // closed when f is over
	go func() {
		defer close(done)
		f()
	}()
	<-done
}

// Want fails t unless there is one report, with these words.
func Want(t testing.TB, reports []string, words string) {
	t.Helper()
	if len(reports) != 1 || !strings.Contains(reports[0], words) {
		t.Errorf("reported %q, want one report with %q", reports, words)
	}
}
