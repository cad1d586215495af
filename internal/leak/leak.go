// Package leak finds the goroutines that something started and left behind, for test kits.
//
//	var own leak.Group
//	own.Do(func() { h, err = host.Open(ctx, config) })
//	// ... h.Close()
//	if left := own.Left(); left != "" {
//		t.Errorf("goroutines are left:\n%s", left)
//	}
//
// It goes by the labels of package runtime/pprof, which a goroutine hands on to those that it starts.
package leak

import (
	"bytes"
	"context"
	"fmt"
	"runtime/pprof"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"time"
)

const label = "hotplug-test-kit"

var last atomic.Uint64

// A Group is the goroutines that were started in its Do, and by those, and so on. The zero value is empty.
type Group struct {
	once sync.Once
	id   string
}

// Do runs f in this goroutine.
func (g *Group) Do(f func()) {
	g.once.Do(func() { g.id = strconv.FormatUint(last.Add(1), 10) })
	pprof.Do(context.Background(), pprof.Labels(label, g.id), func(context.Context) { f() })
}

// Goroutines that are about to end have this long, and are looked at this often.
const (
	grace = time.Second
	pause = 10 * time.Millisecond
)

// Left returns the stacks of those that still run a second from now; empty if there are none. It returns as soon as there are none.
func (g *Group) Left() string {
	for end := time.Now().Add(grace); ; time.Sleep(pause) {
		if left := g.Running(); left == "" || !time.Now().Before(end) {
			return left
		}
	}
}

// Running returns the stacks of those that run now.
func (g *Group) Running() string {
	var all bytes.Buffer
	if err := pprof.Lookup("goroutine").WriteTo(&all, 1); err != nil {
		return ""
	}
	own := fmt.Sprintf("%q:%q", label, g.id)
	var left []string
	for _, stack := range strings.Split(all.String(), "\n\n") {
		if strings.Contains(stack, own) && !shared(stack) {
			left = append(left, stack)
		}
	}
	return strings.Join(left, "\n\n")
}

// shared tells goroutines that the standard library starts once for the whole process, or keeps for whoever comes next.
func shared(stack string) bool {
	for _, name := range []string{"os/signal.loop", "net/http.(*persistConn)"} {
		if strings.Contains(stack, name) {
			return true
		}
	}
	return false
}
