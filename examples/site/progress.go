package main

import (
	"fmt"
	"io"
	"os"
	"strings"
	"sync"
	"unicode"

	"github.com/go-hotplug/hotplug/rpc"
)

// clearLine goes to the beginning of a terminal's line and empties it.
const clearLine = "\r\x1b[K"

const (
	barWidth = 24 // characters
	maxLine  = 79 // characters: a line that wraps cannot be rewritten
)

// A progress is one line of a terminal that says how far the work is. It is an io.Writer for what has to be said
// meanwhile. Its methods may be called concurrently.
type progress struct {
	shown bool // on a terminal

	mu    sync.Mutex // guards w and what follows; held while writing to w, which calls nobody back
	w     io.Writer
	line  string
	stage string
	done  int
	total int
}

func newProgress(w io.Writer) *progress {
	return &progress{w: w, shown: isTerminal(w)}
}

// isTerminal reports whether someone is looking. A terminal that cannot rewrite a line does not count.
func isTerminal(w io.Writer) bool {
	f, ok := w.(*os.File)
	if !ok || os.Getenv("TERM") == "dumb" {
		return false
	}
	info, err := f.Stat()
	return err == nil && info.Mode()&os.ModeCharDevice != 0
}

// begin begins a stage of so many steps.
func (p *progress) begin(stage string, total int) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.stage, p.done, p.total = stage, 0, total
	p.show(p.bar(""))
}

// step counts one more step, done for what has that name.
func (p *progress) step(name string) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.done++
	p.show(p.bar(name))
}

// within tells how far a step is that has not been counted yet. Several may be at work: the line is of the one that reported last.
func (p *progress) within(name string, part rpc.Progress) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.show(p.bar(name + ": " + howFar(part)))
}

// howFar is what a plugin reports, in a word.
func howFar(part rpc.Progress) string {
	switch {
	case part.Note != "":
		return part.Note
	case part.Total > 0: // it is the plugin's word
		return fmt.Sprintf("%.0f%%", 100*min(1, max(0, float64(part.Done)/float64(part.Total))))
	}
	return fmt.Sprint(part.Done)
}

// say replaces the line.
func (p *progress) say(line string) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.show(line)
}

// bar is the line of a stage: rendering [######------]  50%  24 of 48  docs/start.md.
func (p *progress) bar(name string) string {
	total := max(p.total, 1)
	full := p.done * barWidth / total
	line := fmt.Sprintf("%s [%s%s] %3d%%  %d of %d  ", p.stage, strings.Repeat("#", full), strings.Repeat("-", barWidth-full), p.done*100/total, p.done, p.total)
	return line + ending(name, maxLine-len(line))
}

// ending is a name, or its end if it is longer. What would move a terminal's cursor is shown as ?.
func ending(name string, longest int) string {
	r := []rune(strings.Map(func(c rune) rune {
		if unicode.IsPrint(c) {
			return c
		}
		return '?'
	}, name))
	if len(r) <= longest {
		return string(r)
	}
	return "..." + string(r[len(r)-max(longest-3, 0):])
}

func (p *progress) show(line string) {
	p.line = line
	if p.shown {
		fmt.Fprint(p.w, clearLine, line)
	}
}

// Write puts lines above the progress.
func (p *progress) Write(b []byte) (int, error) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if !p.shown {
		return p.w.Write(b)
	}
	fmt.Fprint(p.w, clearLine)
	n, err := p.w.Write(b)
	fmt.Fprint(p.w, p.line)
	return n, err
}
