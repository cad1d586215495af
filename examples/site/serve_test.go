package main

import (
	"bufio"
	"bytes"
	"context"
	"io"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"
)

// A served site is one that a test reads.
type served struct {
	*server
	t    *testing.T
	said *lines
	end  func() // ends it
	live *bufio.Scanner
}

// lines is an io.Writer for several goroutines.
type lines struct {
	mu sync.Mutex
	b  bytes.Buffer
}

func (l *lines) Write(b []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.b.Write(b)
}

func (l *lines) String() string {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.b.String()
}

// serving serves a source of one page, and listens as a browser does.
func serving(t *testing.T) (s *served, source string) {
	t.Helper()
	plugins := pluginsFolder(t, "markdown", "wordcount")
	source = t.TempDir()
	if err := os.WriteFile(filepath.Join(source, "README.md"), []byte("# Hello\n\nworld\n"), 0o644); err != nil {
		t.Fatal(err)
	}
	o := options{plugins: plugins, state: t.TempDir(), title: "Test", jobs: 2, timeout: time.Minute, sources: []string{source}}
	said := &lines{}
	server, err := openServer(t.Context(), o, said)
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	ended := make(chan struct{})
	go func() { defer close(ended); server.run(ctx) }()
	s = &served{server: server, t: t, said: said, end: sync.OnceFunc(func() { cancel(); <-ended; server.close() })}
	t.Cleanup(s.end)
	answer, err := http.Get(s.address() + liveFile)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { answer.Body.Close() })
	s.live = bufio.NewScanner(answer.Body)
	s.hears()
	return s, source
}

// hears waits for the name of an edition.
func (s *served) hears() string {
	s.t.Helper()
	late := time.AfterFunc(time.Minute, func() { s.end() })
	defer late.Stop()
	for s.live.Scan() {
		if name, found := strings.CutPrefix(s.live.Text(), "data: "); found {
			return name
		}
	}
	s.t.Fatalf("no edition: %v\n%s", s.live.Err(), s.said)
	return ""
}

func (s *served) get(name string, status int) string {
	s.t.Helper()
	answer, err := http.Get(s.address() + name)
	if err != nil {
		s.t.Fatal(err)
	}
	defer answer.Body.Close()
	body, err := io.ReadAll(answer.Body)
	if err != nil || answer.StatusCode != status {
		s.t.Fatalf("%s: %s, %v, want %d\n%s", name, answer.Status, err, status, body)
	}
	return string(body)
}

func TestAServedPageShowsTheNextEditionByItself(t *testing.T) {
	s, source := serving(t)
	first := s.edition.Load().name
	home := filepath.Base(source)
	for _, name := range []string{"", "index.html", home + "/README.html", home} {
		if page := s.get(name, http.StatusOK); !strings.Contains(page, first) || !strings.Contains(page, "EventSource") || !strings.HasSuffix(page, "</html>\n") {
			t.Errorf("%q:\n%s", name, page)
		}
	}
	if page := s.get("", http.StatusOK); strings.Count(page, "nonce") != 2 || !strings.Contains(page, "connect-src 'self'") {
		t.Errorf("a browser will not run its script:\n%s", page)
	}
	s.get("none.html", http.StatusNotFound)
	s.get("../options.go", http.StatusNotFound)
	if err := os.WriteFile(filepath.Join(source, "README.md"), []byte("# Goodbye\n"), 0o644); err != nil {
		t.Fatal(err)
	}
	if next := s.hears(); next == first {
		t.Error("the same edition again")
	}
	if page := s.get(home+"/README.html", http.StatusOK); !strings.Contains(page, "Goodbye") {
		t.Error(page)
	}
}

func TestAPluginThatIsReplacedMakesAnEditionAndNoRequestFails(t *testing.T) {
	s, source := serving(t)
	ctx, cancel := context.WithCancel(t.Context())
	var readers sync.WaitGroup
	page := s.address() + filepath.Base(source) + "/README.html"
	for range 4 {
		readers.Go(func() {
			for ctx.Err() == nil {
				if _, err := readPage(ctx, page); err != nil && ctx.Err() == nil {
					t.Error(err)
					return
				}
			}
		})
	}
	manifest := filepath.Join(s.plugins, "markdown", "plugin.json")
	text, err := os.ReadFile(manifest)
	if err != nil {
		t.Fatal(err)
	}
	if err := replace(manifest, bytes.Replace(text, []byte(`"entry"`), []byte(`"args": ["again"], "entry"`), 1), 0o644); err != nil {
		t.Fatal(err)
	}
	s.hears()
	cancel()
	readers.Wait()
	if status := s.host.Plugin("markdown").Status(); status.Generation != 2 {
		t.Errorf("%+v", status)
	}
	if !strings.Contains(s.said.String(), "site: plugin markdown: reloaded") {
		t.Error(s.said)
	}
}

func TestASiteThatCannotBeMadeLeavesTheOneBefore(t *testing.T) {
	s, source := serving(t)
	if err := os.Remove(filepath.Join(source, "README.md")); err != nil {
		t.Fatal(err)
	}
	if err := s.publish(t.Context()); err == nil {
		t.Error("a site without a page was published")
	}
	s.get(filepath.Base(source)+"/README.html", http.StatusOK)
}

func TestARequestOrCallThatFailsEndsTheRehearsal(t *testing.T) {
	c := &crowd{sum: tally{by: map[string]int{}}, moved: make(chan struct{})}
	for range aWhile {
		c.note(t.Context(), &c.sum.requests, "1.0.0", nil)
		c.note(t.Context(), &c.sum.calls, "1.0.0", nil)
	}
	r := &rehearsal{crowd: c, stdout: io.Discard}
	if err := r.verdict(); err != nil {
		t.Errorf("without a failure: %v", err)
	}
	c.note(t.Context(), &c.sum.calls, "", io.ErrUnexpectedEOF)
	if err := r.verdict(); err == nil || !strings.Contains(err.Error(), "1 of 401 requests and calls failed, the first: unexpected EOF") {
		t.Errorf("with one: %v", err)
	}
	if err := c.goesOn(t.Context()); err == nil {
		t.Error("it goes on")
	}
}
