package main

import (
	"context"
	"fmt"
	"os"
	"strings"
	"sync"

	"github.com/go-hotplug/hotplug/rpc"
)

// A gauge shows on stderr how far a call has come: on a terminal in one line that is written over, elsewhere in a line for each report, if asked to.
// With --json it is asked or silent, and each line is an object: {"progress": ...}, with the report's fields as on the wire.
type gauge struct {
	a        *app
	message  string
	terminal bool
	wanted   bool

	mu    sync.Mutex // guards shown, and the order of what is written
	shown bool       // a line stands on the terminal that is to be written over
}

func (a *app) gauge(r *request) *gauge {
	terminal := a.errTerminal && !a.json && os.Getenv("TERM") != "dumb"
	return &gauge{a: a, message: r.message, terminal: terminal, wanted: terminal || r.progress}
}

// follow returns the context of a call whose reports are shown. Where they are not, nobody asks the plugin for them.
func (g *gauge) follow(ctx context.Context) context.Context {
	if !g.wanted {
		return ctx
	}
	return rpc.OnProgress(ctx, g.show)
}

// eraseLine goes to the beginning of the terminal's line and empties it.
const eraseLine = "\r\x1b[K"

// maxGauge is how long the line on a terminal may be, in characters: one that wraps cannot be written over.
const maxGauge = 79

func (g *gauge) show(p rpc.Progress) {
	text := printable(g.text(p))
	g.mu.Lock()
	defer g.mu.Unlock()
	if g.a.json {
		_ = g.a.lineTo(g.a.err, map[string]any{"progress": p})
		return
	}
	if !g.terminal {
		fmt.Fprintln(g.a.err, text)
		return
	}
	if all := []rune(text); len(all) > maxGauge {
		text = string(all[:maxGauge-1]) + "…"
	}
	fmt.Fprint(g.a.err, eraseLine, text)
	g.shown = true
}

// text is a report in one line.
func (g *gauge) text(p rpc.Progress) string {
	text := fmt.Sprintf("%s: %d", g.message, p.Done)
	if p.Total > 0 {
		text += fmt.Sprintf(" of %d", p.Total)
	}
	if note := strings.Join(strings.Fields(p.Note), " "); note != "" {
		text += ": " + note
	}
	return text
}

// clear takes the line from the terminal, before something else is printed.
func (g *gauge) clear() {
	g.mu.Lock()
	defer g.mu.Unlock()
	if g.shown {
		fmt.Fprint(g.a.err, eraseLine)
		g.shown = false
	}
}

// makeRoom takes the line away if what is printed next goes to a terminal, most likely the same one.
func (g *gauge) makeRoom() {
	if g.a.outTerminal {
		g.clear()
	}
}
