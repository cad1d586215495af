//go:build linux

package e2e_test

import (
	"fmt"
	"sync"
	"testing"
	"time"
)

func TestAHundredPluginsStartAnswerAndLeaveNothing(t *testing.T) {
	const many = 100
	s := newSite(t)
	for i := range many {
		s.install(fmt.Sprintf("counter-%02d", i), "counter", nil)
	}
	start := time.Now()
	h := s.openAsIs()
	opened := time.Since(start)
	for _, f := range h.Failed() {
		t.Errorf("%s: %v", f.Plugin, f.Err)
	}
	if n := len(h.Plugins()); n != many {
		t.Fatalf("%d plugins, want %d", n, many)
	}
	start = time.Now()
	var wg sync.WaitGroup
	for i, p := range h.Plugins() {
		wg.Go(func() {
			for range 10 {
				if _, err := counterAdd.Call(t.Context(), p, delta{By: int64(i)}); err != nil {
					t.Errorf("%s: %v", p.Name(), err)
				}
			}
			if got, err := counterGet.Call(t.Context(), p, struct{}{}); err != nil || got.Value != int64(10*i) {
				t.Errorf("%s: %d, %v; want %d", p.Name(), got.Value, err, 10*i)
			}
		})
	}
	wg.Wait()
	called := time.Since(start)
	start = time.Now()
	s.close(h)
	t.Logf("%d plugins: opened in %s, called 11 times each in %s, closed in %s", many, opened.Round(time.Millisecond), called.Round(time.Millisecond), time.Since(start).Round(time.Millisecond))
	s.nothingIsLeft() // the last of them is gone when Close returns; looked at again when the test ends
}

func TestOpeningAndClosingAgainAndAgainLeavesNothing(t *testing.T) {
	s := newSite(t)
	s.install("counter", "counter", nil)
	for range 20 {
		h := s.openAsIs()
		s.goesOn(h)
		s.close(h)
	}
	s.nothingIsLeft()
}
