package main

import (
	"context"
	"fmt"
	"io"
	"maps"
	"net/http"
	"regexp"
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

	mu              sync.Mutex // guards all below
	requests, calls tally
	failed          int
	first           error // that one of them failed with
	moved           chan struct{}
}

// A tally is what a crowd has seen of one kind.
type tally struct {
	n    int
	by   map[string]int // those that did not fail, by the version of markdown that made the answer
	last string         // version
}

func newCrowd() *crowd {
	return &crowd{requests: tally{by: map[string]int{}}, calls: tally{by: map[string]int{}}, moved: make(chan struct{})}
}

// gather has readers and callers begin.
func gather(ctx context.Context, s *server) *crowd {
	ctx, cancel := context.WithCancel(ctx)
	c := newCrowd()
	c.server, c.stop = s, cancel
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
		c.note(ctx, &c.requests, by, err)
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
	if by = madeBy(string(body)); by == "" {
		return "", fmt.Errorf("%s: no version of markdown in its footer", address)
	}
	return by, nil
}

var footer = regexp.MustCompile(`<footer>Made by markdown ([0-9.]+)`)

// madeBy is the version of markdown that a page's footer names. The page itself may have any text, but not that tag.
func madeBy(page string) string {
	if m := footer.FindStringSubmatch(page); m != nil {
		return m[1]
	}
	return ""
}

// call asks for one document after the other.
func (c *crowd) call(ctx context.Context) {
	peer := c.server.host.Plugin("markdown")
	for ctx.Err() == nil {
		doc, err := markdownapi.Render.Call(ctx, peer, markdownapi.RenderRequest{Name: "rehearsal/a.md", Source: "# A heading\n\nand *words*"})
		c.note(ctx, &c.calls, lookOf(doc), err)
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

// note takes in one answer, or failure.
func (c *crowd) note(ctx context.Context, t *tally, by string, err error) {
	if ctx.Err() != nil {
		return // the crowd leaves
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	t.n++
	if err != nil {
		c.fail(err)
		return
	}
	t.by[by]++
	t.last = by
	c.wake()
}

// fail takes in a failure. Its caller holds mu, as that of wake does.
func (c *crowd) fail(err error) {
	c.failed++
	if c.first == nil {
		c.first = err
	}
	c.wake()
}

func (c *crowd) wake() {
	close(c.moved)
	c.moved = make(chan struct{})
}

// A seen is a crowd's figures at one moment.
type seen struct {
	requests, calls, failed int
	first                   error
	page, call              string // version of markdown that the last of each was made by
	moved                   <-chan struct{}
}

func (c *crowd) look() seen {
	c.mu.Lock()
	defer c.mu.Unlock()
	return seen{c.requests.n, c.calls.n, c.failed, c.first, c.requests.last, c.calls.last, c.moved}
}

// aWhile is how many requests, and how many calls, are enough to see that all goes on.
const aWhile = 200

// goesOn waits until the crowd has been answered for a while, and is answered by a version.
func (c *crowd) goesOn(ctx context.Context, version string) error {
	late := time.NewTimer(patience)
	defer late.Stop()
	begin := c.look()
	for {
		now := c.look()
		requests, calls := now.requests-begin.requests, now.calls-begin.calls
		switch {
		case now.failed > 0:
			return fmt.Errorf("a request or call failed: %w", now.first)
		case requests >= aWhile && calls >= aWhile && now.page == version && now.call == version:
			return nil
		}
		select {
		case <-now.moved:
		case <-late.C:
			return fmt.Errorf("%s and %s within %s, the last by markdown %q and %q: expected %d of each, and %s", count(requests, "request"), count(calls, "call"),
				patience, now.page, now.call, aWhile, version)
		case <-ctx.Done():
			return context.Cause(ctx)
		}
	}
}

// versions tells how often each version answered.
func (c *crowd) versions(t *tally) string {
	c.mu.Lock()
	defer c.mu.Unlock()
	var out []string
	for _, version := range slices.Sorted(maps.Keys(t.by)) {
		out = append(out, fmt.Sprintf("%d by %s", t.by[version], version))
	}
	return strings.Join(out, " and ")
}
