package main

import (
	"fmt"
	"io"
	"os"
	"sync"
)

// clearLine goes to the beginning of a terminal's line and empties it.
const clearLine = "\r\x1b[K"

const maxShown = 50 // characters of a page's name: a line that wraps cannot be rewritten

// A progress is one line of a terminal that says how far the work is. It is an io.Writer for what has to be said
// meanwhile. Its methods may be called concurrently.
type progress struct {
	shown bool // on a terminal

	mu    sync.Mutex // guards w and what follows; held while writing to w, which calls nobody back
	w     io.Writer
	line  string
	done  int
	total int
}

func newProgress(w io.Writer, total int) *progress {
	return &progress{w: w, total: total, shown: isTerminal(w)}
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

// step counts one more page.
func (p *progress) step(name string) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.done++
	if r := []rune(name); len(r) > maxShown {
		name = "..." + string(r[len(r)-maxShown:])
	}
	p.show(fmt.Sprintf("rendered %d of %d  %s", p.done, p.total, name))
}

// say replaces the line.
func (p *progress) say(line string) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.show(line)
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
