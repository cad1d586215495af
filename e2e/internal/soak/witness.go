package main

import (
	"bytes"
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"sync"

	"github.com/hashicorp/go-hclog"

	"github.com/go-hotplug/hotplug/e2e/internal/leftovers"
)

// A witness reads the host's log. Where a process that nobody had stopped does not answer a ping, it says on stderr what the process does: without
// that a death by health checks leaves nothing to look at.
type witness struct {
	mu   sync.Mutex   // guards quit
	quit map[int]bool // processes that were asked for their goroutines, by their ids
}

func newWitness() *witness { return &witness{quit: map[int]bool{}} }

func (w *witness) logger() hclog.Logger {
	return hclog.New(&hclog.LoggerOptions{Level: hclog.Debug, Output: w, JSONFormat: true})
}

// A line is what it reads of one.
type line struct {
	Message string `json:"@message"`
	Plugin  string `json:"plugin"`
	PID     int    `json:"pid"`
	Missed  int    `json:"missed"`
	Reason  string `json:"reason"`
}

// Write takes whole lines, as hclog writes them.
func (w *witness) Write(text []byte) (int, error) {
	for one := range bytes.Lines(text) {
		var l line
		if json.Unmarshal(one, &l) == nil {
			w.read(l)
		}
	}
	return len(text), nil
}

func (w *witness) read(l line) {
	w.mu.Lock()
	defer w.mu.Unlock()
	switch {
	case w.quit[l.PID]:
		fmt.Fprintf(os.Stderr, "soak: %s %d: %s\n", l.Plugin, l.PID, l.Message)
	case l.Missed == 0 || l.Plugin == killed || !strings.HasPrefix(l.Reason, "ping"):
	default:
		state, _ := leftovers.Stat(l.PID)
		fmt.Fprintf(os.Stderr, "soak: %s %d has missed %d pings: it is in state %s, its threads wait in %s\n", l.Plugin, l.PID, l.Missed, state, waitsIn(l.PID))
		if l.Missed > 1 && state == "S" {
			w.quit[l.PID] = true
			send(l.PID, quitSignal)
		}
	}
}

// waitsIn is where in the kernel each thread of a process waits.
func waitsIn(pid int) string {
	files, _ := filepath.Glob(filepath.Join("/proc", strconv.Itoa(pid), "task", "*", "wchan"))
	var all []string
	for _, file := range files {
		text, _ := os.ReadFile(file)
		all = append(all, string(text))
	}
	return strings.Join(all, ", ")
}
