//go:build linux

package e2e_test

import (
	"bufio"
	"context"
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/hashicorp/go-hclog"

	"github.com/go-hotplug/hotplug/e2e/internal/faults"
	"github.com/go-hotplug/hotplug/e2e/internal/oddityapi"
	"github.com/go-hotplug/hotplug/host"
)

// obeys has the host do what a line says, and returns its error.
func (st *stage) obeys(lines *bufio.Reader, order string) string {
	st.t.Helper()
	_, err := st.stdin.Write([]byte(order + "\n"))
	mustDo(st.t, err)
	line, err := lines.ReadBytes('\n')
	mustDo(st.t, err)
	var c cast
	mustDo(st.t, json.Unmarshal(line, &c))
	return c.Err
}

func TestAHostWithstandsThatItHasNoDescriptorsLeft(t *testing.T) {
	incident(t, "no descriptors are left in a crash; then there are", func(t *testing.T, s *site, r *faults.Record) {
		s.put(edition{version: "1.0.0", with: patient()})
		st := s.perform(play{})
		lines := bufio.NewReader(st.stdout)
		st.obeys(lines, "starve")
		st.obeys(lines, "kill")
		eventually(10*time.Second, func() bool {
			r.Rule = st.obeys(lines, "status")
			return strings.Contains(r.Rule, "too many open files")
		})
		if !strings.HasPrefix(r.Rule, "backoff: ") || !strings.Contains(r.Rule, "too many open files") {
			t.Errorf("it says %q", r.Rule)
		}
		begun := time.Now()
		st.obeys(lines, "feed")
		r.After = "answers again"
		if err := st.obeys(lines, "call"); err != "" {
			t.Error(err)
		}
		r.Took = time.Since(begun).Milliseconds()
		if err := st.obeys(lines, "close"); err != "" {
			t.Error(err)
		}
	})
	incident(t, "no descriptors are left in a reload; then there are", func(t *testing.T, s *site, r *faults.Record) {
		s.put(edition{version: "1.0.0", with: patient()})
		st := s.perform(play{})
		lines := bufio.NewReader(st.stdout)
		st.obeys(lines, "starve")
		s.put(edition{version: "1.1.0", with: patient()})
		begun := time.Now()
		if r.Rule = st.obeys(lines, "reload"); !strings.Contains(r.Rule, "too many open files") {
			t.Errorf("it says %q", r.Rule)
		}
		r.Took, r.After = time.Since(begun).Milliseconds(), "the old process answers"
		for _, order := range []string{"call", "feed", "reload", "call", "close"} {
			if err := st.obeys(lines, order); err != "" {
				t.Errorf("%s: %s", order, err)
			}
		}
	})
}

// A snail is a logger that takes its time over the first line that a plugin prints, and keeps only those that say what was lost.
type snail struct {
	*journal
	once sync.Once
}

func (s *snail) Accept(name string, level hclog.Level, message string, args ...any) {
	if strings.Contains(message, "dropped") {
		s.journal.Accept(name, level, message, args...)
	}
	if !slices.Contains(args, any("stream")) { // not what a plugin has printed
		return
	}
	s.once.Do(func() { <-time.After(2 * time.Second) }) // longer than output waits for a logger
}

func TestAHostWithstandsAGigabyteOnStderr(t *testing.T) {
	for flavour, size := range map[string]int64{"endless": 1 << 30, "lines": 1 << 23} {
		incident(t, fmt.Sprintf("%d MiB on stderr (%s), and the logger hangs for 2s", size>>20, flavour), func(t *testing.T, s *site, r *faults.Record) {
			s.crasher("", m{"timeouts": m{"call": "2m"}})
			slow := &snail{journal: newJournal()}
			logger := hclog.NewInterceptLogger(&hclog.LoggerOptions{Output: discard{}, Level: hclog.Off})
			logger.RegisterSink(slow)
			h := s.open(func(c *host.Config) { c.Logger = logger })
			memory := newMeter()
			timed(t, r, 2*time.Minute, "the flood", func() {
				got, err := crasherFlood.Call(context.Background(), h.Plugin("crasher"), floodRequest{Stream: "stderr", Flavour: flavour, Bytes: size})
				if err != nil || got.Bytes < size {
					t.Errorf("flooded %+v, %v", got, err)
				}
			})
			s.goesOn(h)
			s.close(h)
			r.Bytes, r.After = memory.grown(), "goes on"
			if r.Bytes > 80<<20 { // 1024 lines of 64 KiB wait at most
				t.Errorf("the heap grew by %d bytes", r.Bytes)
			}
			e := slow.mustFind(t, "lines of output were dropped")
			r.Rule = e.message
		})
	}
}

type discard struct{}

func (discard) Write(b []byte) (int, error) { return len(b), nil }

func TestAHostWithstandsAPluginThatDoesAsItLikesWithItsProcess(t *testing.T) {
	incident(t, "the plugin leaves its folder, closes what it prints to, and starts a child that outlives it and holds its pipes", func(t *testing.T, s *site, r *faults.Record) {
		s.put(edition{version: "1.0.0", with: quick(nil)})
		h := s.open()
		p := h.Plugin("oddity")
		go oddityapi.Orphan.Call(t.Context(), p, struct{}{}) // its context ends with Close
		_, err := oddityapi.Leave.Call(t.Context(), p, struct{}{})
		mustDo(t, err)
		_, err = oddityapi.CloseOutput.Call(t.Context(), p, struct{}{})
		mustDo(t, err)
		answers(t, p, "1.0.0")
		timed(t, r, 20*time.Second, "Close", func() { mustDo(t, p.Close()) })
		r.After = "stopped, with its group"
		s.goesOn(h)
	})
}
