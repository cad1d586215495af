package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"maps"
	"net/http"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/go-hotplug/hotplug/sample-plugins/markdown/markdownapi"
)

const (
	readers = 4 // of pages, at once
	callers = 4 // of markdown.Render
)

// A crowd reads pages and calls a plugin without pause, and notes what fails.
type crowd struct {
	server *server
	all    sync.WaitGroup
	stop   context.CancelFunc

	mu    sync.Mutex // guards all below
	sum   tally
	last  string // the version that answered last
	moved chan struct{}
}

// A tally is what a crowd has seen.
type tally struct {
	requests, calls, failed int
	first                   error
	by                      map[string]int // by the version of markdown that made what was answered
}

// gather has readers and callers begin.
func gather(ctx context.Context, s *server) *crowd {
	ctx, cancel := context.WithCancel(ctx)
	c := &crowd{server: s, stop: cancel, sum: tally{by: map[string]int{}}, moved: make(chan struct{})}
	pages := c.pages()
	for i := range readers {
		c.all.Go(func() { c.read(ctx, pages, i) })
	}
	for range callers {
		c.all.Go(func() { c.call(ctx) })
	}
	return c
}

// leave has all of them end.
func (c *crowd) leave() {
	c.stop()
	c.all.Wait()
}

// pages are the addresses of all pages.
func (c *crowd) pages() []string {
	var out []string
	for name := range maps.Keys(c.server.edition.Load().files) {
		if strings.HasSuffix(name, ".html") {
			out = append(out, c.server.address()+name)
		}
	}
	slices.Sort(out)
	return out
}

// read asks for one page after the other.
func (c *crowd) read(ctx context.Context, pages []string, from int) {
	for i := from; ctx.Err() == nil; i++ {
		by, err := readPage(ctx, pages[i%len(pages)])
		c.note(ctx, &c.sum.requests, by, err)
		time.Sleep(time.Millisecond)
	}
}

// readPage returns which version of markdown a page was made by, as its footer says.
func readPage(ctx context.Context, address string) (by string, err error) {
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, address, nil)
	if err != nil {
		return "", err
	}
	answer, err := http.DefaultClient.Do(req)
	if err != nil {
		return "", err
	}
	defer answer.Body.Close()
	body, err := io.ReadAll(answer.Body)
	switch {
	case err != nil:
		return "", err
	case answer.StatusCode != http.StatusOK:
		return "", fmt.Errorf("%s: %s", address, answer.Status)
	case !strings.HasSuffix(strings.TrimSpace(string(body)), "</html>"):
		return "", fmt.Errorf("%s: half a page", address)
	}
	_, after, found := strings.Cut(string(body), "markdown 1.")
	if !found {
		return "", errors.New(address + ": no version of markdown in its footer")
	}
	return "1." + after[:len("0.0")], nil
}

// call asks for one document after the other.
func (c *crowd) call(ctx context.Context) {
	peer := c.server.host.Plugin("markdown")
	for ctx.Err() == nil {
		doc, err := markdownapi.Render.Call(ctx, peer, markdownapi.RenderRequest{Name: "rehearsal/a.md", Source: "# A heading\n\nand *words*"})
		c.note(ctx, &c.sum.calls, lookOf(doc), err)
		time.Sleep(time.Millisecond)
	}
}

// lookOf tells by its look which version has rendered a document.
func lookOf(doc markdownapi.Document) string {
	if strings.Contains(doc.HTML, "permalink") {
		return "1.1.0"
	}
	return "1.0.0"
}

func (c *crowd) note(ctx context.Context, n *int, by string, err error) {
	if ctx.Err() != nil {
		return // the crowd leaves
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	*n++
	if err != nil {
		c.sum.failed++
		if c.sum.first == nil {
			c.sum.first = err
		}
		return
	}
	c.sum.by[by]++
	if n == &c.sum.calls {
		c.last = by
	}
	close(c.moved)
	c.moved = make(chan struct{})
}

// aWhile is how many requests, and how many calls, are enough to see that all goes on.
const aWhile = 200

// goesOn waits until the crowd has been answered for a while.
func (c *crowd) goesOn(ctx context.Context) error {
	late := time.NewTimer(patience)
	defer late.Stop()
	begin := c.tally()
	for {
		c.mu.Lock()
		moved := c.moved
		requests, calls, failed, first := c.sum.requests-begin.requests, c.sum.calls-begin.calls, c.sum.failed, c.sum.first
		c.mu.Unlock()
		switch {
		case failed > 0:
			return fmt.Errorf("a request or call failed: %w", first)
		case requests >= aWhile && calls >= aWhile:
			return nil
		}
		select {
		case <-moved:
		case <-late.C:
			return fmt.Errorf("%s and %s within %s: expected %d of each", count(requests, "request"), count(calls, "call"), patience, aWhile)
		case <-ctx.Done():
			return context.Cause(ctx)
		}
	}
}

// look is the version that answered the last call.
func (c *crowd) look() string {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.last
}

func (c *crowd) tally() tally {
	c.mu.Lock()
	defer c.mu.Unlock()
	t := c.sum
	t.by = maps.Clone(t.by)
	return t
}
