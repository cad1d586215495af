//go:build linux

package e2e_test

import (
	"fmt"
	"io"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/hashicorp/go-hclog"
)

// A journal is a host's log.
type journal struct {
	logger hclog.Logger

	mu      sync.Mutex // guards all below
	entries []entry
}

// An entry is one line of the log.
type entry struct {
	level   hclog.Level
	message string
	fields  map[string]string
}

func newJournal() *journal {
	j := &journal{}
	logger := hclog.NewInterceptLogger(&hclog.LoggerOptions{Output: io.Discard, Level: hclog.Trace})
	logger.RegisterSink(j)
	j.logger = logger
	return j
}

// Accept implements hclog.SinkAdapter.
func (j *journal) Accept(_ string, level hclog.Level, message string, args ...any) {
	e := entry{level: level, message: message, fields: map[string]string{}}
	for i := 0; i+1 < len(args); i += 2 {
		e.fields[fmt.Sprint(args[i])] = fmt.Sprint(args[i+1])
	}
	j.mu.Lock()
	defer j.mu.Unlock()
	j.entries = append(j.entries, e)
}

// find returns the first line whose message has this part.
func (j *journal) find(part string) (entry, bool) {
	j.mu.Lock()
	defer j.mu.Unlock()
	for _, e := range j.entries {
		if strings.Contains(e.message, part) {
			return e, true
		}
	}
	return entry{}, false
}

// count is how many lines fulfil a condition.
func (j *journal) count(is func(entry) bool) int {
	j.mu.Lock()
	defer j.mu.Unlock()
	n := 0
	for _, e := range j.entries {
		if is(e) {
			n++
		}
	}
	return n
}

// mustFind is find for a line that is there.
func (j *journal) mustFind(t *testing.T, part string) entry {
	t.Helper()
	e, ok := j.find(part)
	if !ok {
		t.Fatalf("the log has no line with %q", part)
	}
	return e
}

// await waits for a line.
func (j *journal) await(t *testing.T, part string) {
	t.Helper()
	until(t, 30*time.Second, "in the log: "+part, func() bool { _, ok := j.find(part); return ok })
}
