package main

import (
	"bufio"
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
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
	source = files(t, map[string]string{"README.md": "# Hello\n\nworld\n"})
	return servingOf(t, source, "markdown", "wordcount"), source
}

// servingOf serves a source by these plugins.
func servingOf(t *testing.T, source string, names ...string) (s *served) {
	t.Helper()
	plugins := pluginsFolder(t, names...)
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
	return s
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

// otherMarkdown builds a markdown plugin whose headings link to themselves.
func otherMarkdown(t *testing.T) []byte {
	t.Helper()
	file := filepath.Join(t.TempDir(), "markdown")
	build := exec.Command("go", "build", "-ldflags", "-X main.permalink=§", "-o", file, "./markdown")
	build.Dir = filepath.Join("..", "..", "sample-plugins")
	if out, err := build.CombinedOutput(); err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	entry, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	return entry
}

func TestAPluginThatIsReplacedMakesAnEditionAndNoRequestFails(t *testing.T) {
	other := otherMarkdown(t)
	s, source := serving(t)
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	var readers sync.WaitGroup
	home := filepath.Base(source) + "/README.html"
	for range 4 {
		readers.Go(func() {
			for ctx.Err() == nil {
				if _, err := readPage(ctx, s.address()+home); err != nil && ctx.Err() == nil {
					t.Error(err)
					return
				}
			}
		})
	}
	if page := s.get(home, http.StatusOK); strings.Contains(page, "permalink") {
		t.Error("it has the other look already")
	}
	if err := replace(filepath.Join(s.plugins, "markdown", entryName("markdown")), other, 0o755); err != nil {
		t.Fatal(err)
	}
	for !strings.Contains(s.get(home, http.StatusOK), "permalink") {
		s.hears()
	}
	cancel()
	readers.Wait()
	if status := s.host.Plugin("markdown").Status(); status.Generation != 2 {
		t.Errorf("%+v", status)
	}
	if !strings.Contains(s.said.String(), "site: plugin markdown 1.0.0: ready: reloaded") {
		t.Error(s.said)
	}
}

func TestAPluginThatIsAddedWhileTheSiteIsServedIsUsed(t *testing.T) {
	s, source := serving(t)
	if err := os.WriteFile(filepath.Join(source, "code.md"), []byte("```go\nfunc main() {}\n```\n"), 0o644); err != nil {
		t.Fatal(err)
	}
	s.hears()
	code := filepath.Base(source) + "/code.html"
	if page := s.get(code, http.StatusOK); strings.Contains(page, "chroma") {
		t.Error("code is coloured by nobody")
	}
	beside := filepath.Join(t.TempDir(), "highlight")
	if err := os.CopyFS(beside, os.DirFS(filepath.Join(buildDir, "highlight"))); err != nil {
		t.Fatal(err)
	}
	if err := os.Rename(beside, filepath.Join(s.plugins, "highlight")); err != nil {
		t.Fatal(err)
	}
	for !strings.Contains(s.get(code, http.StatusOK), "chroma") {
		s.hears()
	}
}

// says waits until it has said something, and returns all of it.
func (s *served) says(what string) string {
	s.t.Helper()
	late := time.Now().Add(time.Minute)
	for !strings.Contains(s.said.String(), what) {
		if time.Now().After(late) {
			s.t.Fatalf("it has not said %q:\n%s", what, s.said)
		}
		s.hears()
	}
	return s.said.String()
}

// newerHighlight builds a highlight plugin that calls itself 1.0.1.
func newerHighlight(t *testing.T) (entry, manifest []byte) {
	t.Helper()
	samples, err := filepath.Abs(filepath.Join("..", "..", "sample-plugins"))
	if err != nil {
		t.Fatal(err)
	}
	original := filepath.Join(samples, "highlight", "plugin.json")
	if manifest, err = os.ReadFile(original); err != nil {
		t.Fatal(err)
	}
	manifest = bytes.Replace(manifest, []byte(`"version": "1.0.0"`), []byte(`"version": "1.0.1"`), 1)
	dir := files(t, map[string]string{"plugin.json": string(manifest)})
	overlay, err := json.Marshal(map[string]any{"Replace": map[string]string{original: filepath.Join(dir, "plugin.json")}})
	if err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(filepath.Join(dir, "overlay.json"), overlay, 0o644); err != nil {
		t.Fatal(err)
	}
	build := exec.Command("go", "build", "-overlay", filepath.Join(dir, "overlay.json"), "-o", filepath.Join(dir, "highlight"), "./highlight")
	build.Dir = samples
	if out, err := build.CombinedOutput(); err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	if entry, err = os.ReadFile(filepath.Join(dir, "highlight")); err != nil {
		t.Fatal(err)
	}
	return entry, manifest
}

func TestAPluginThatIsReplacedTouchesItsPagesAndNoOther(t *testing.T) {
	source := files(t, map[string]string{"README.md": "# Hello\n\nworld\n", "code.md": "# Code\n\n```go\nfunc main() {}\n```\n"})
	s := servingOf(t, source, "markdown", "wordcount", "highlight", "linkcheck")
	home := filepath.Base(source)
	before := s.edition.Load()
	entry, text := newerHighlight(t)
	dir := filepath.Join(s.plugins, "highlight")
	if err := errors.Join(replace(filepath.Join(dir, entryName("highlight")), entry, 0o755), replace(filepath.Join(dir, "plugin.json"), text, 0o644)); err != nil {
		t.Fatal(err)
	}
	said := s.says("site: 1 page of 2 rendered, because plugin highlight is 1.0.1 now and was 1.0.0: ")
	if !strings.Contains(said, home+"/code.md\n") || strings.Contains(said, home+"/README.md") {
		t.Error(said)
	}
	for !strings.Contains(s.get(home+"/code.html", http.StatusOK), "highlight 1.0.1") {
		s.hears()
	}
	now := s.edition.Load()
	if file := home + "/README.html"; !bytes.Equal(before.files[file], now.files[file]) || len(now.files[file]) == 0 {
		t.Errorf("a page without code is another one now:\n%s\n%s", before.files[file], now.files[file])
	}
}

func TestAPictureThatChangesMakesAnEdition(t *testing.T) {
	source := files(t, map[string]string{"README.md": "# Hello\n\n![it](a.svg)\n", "other.md": "# Other\n", "a.svg": svg})
	s := servingOf(t, source, "markdown")
	if err := replace(filepath.Join(source, "a.svg"), []byte(`<svg xmlns="http://www.w3.org/2000/svg"><g/></svg>`), 0o644); err != nil {
		t.Fatal(err)
	}
	home := filepath.Base(source)
	said := s.says("site: 1 page of 2 rendered, because " + home + "/a.svg has changed, which it links to or shows: " + home + "/README.md\n")
	if !strings.Contains(said, "site: "+filepath.Join(source, "a.svg")+" has changed\n") {
		t.Error(said)
	}
}

func TestAPageThatFailsStaysAsItWas(t *testing.T) {
	s, source := serving(t)
	for name, text := range map[string]string{"README.md": strings.Repeat("> ", 200) + "deep", "new.md": "# New\n"} {
		if err := os.WriteFile(filepath.Join(source, name), []byte(text), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	home := filepath.Base(source)
	for !strings.Contains(s.get("", http.StatusOK), "New") {
		s.hears()
	}
	for _, name := range []string{home, home + "/README.html"} {
		if page := s.get(name, http.StatusOK); !strings.Contains(page, "world") {
			t.Errorf("%s:\n%s", name, page)
		}
	}
	if !strings.Contains(s.said.String(), "README.md stays as it was: ") {
		t.Error(s.said)
	}
}

func TestAnEditionThatIsTheSameIsNotShown(t *testing.T) {
	s, _ := serving(t)
	before := s.edition.Load()
	if err := s.publish(t.Context()); err != nil {
		t.Fatal(err)
	}
	if s.edition.Load() != before {
		t.Error("browsers would load it again")
	}
}

func TestABrowserNeverTakesOneEditionForAnother(t *testing.T) {
	first := &edition{name: "a-1", files: map[string][]byte{"index.html": []byte("first")}}
	second := &edition{name: "a-2", files: map[string][]byte{"index.html": []byte("second")}}
	ask := func(e *edition, header http.Header) *httptest.ResponseRecorder {
		r := httptest.NewRequest(http.MethodGet, "/", nil)
		r.Header = header
		w := httptest.NewRecorder()
		e.ServeHTTP(w, r)
		return w
	}
	answer := ask(first, nil)
	known := http.Header{"If-None-Match": answer.Result().Header["Etag"], "If-Modified-Since": answer.Result().Header["Last-Modified"]}
	if again := ask(first, known); again.Code != http.StatusNotModified {
		t.Errorf("the same edition is sent twice: %d", again.Code)
	}
	if next := ask(second, known); next.Code != http.StatusOK || next.Body.String() != "second" {
		t.Errorf("the next edition, a moment later: %d %s", next.Code, next.Body)
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
	c := newCrowd()
	for range aWhile {
		c.note(t.Context(), &c.requests, "1.0.0", nil)
		c.note(t.Context(), &c.calls, "1.0.0", nil)
	}
	r := &rehearsal{crowd: c, stdout: io.Discard}
	if err := r.verdict(); err != nil {
		t.Errorf("without a failure: %v", err)
	}
	c.note(t.Context(), &c.calls, "", io.ErrUnexpectedEOF)
	if err := r.verdict(); err == nil || !strings.Contains(err.Error(), "1 of 401 requests and calls failed, the first: unexpected EOF") {
		t.Errorf("with one: %v", err)
	}
	if err := c.goesOn(t.Context(), "1.0.0"); err == nil {
		t.Error("it goes on")
	}
}

func TestAPageIsMadeByTheVersionThatItsFooterNames(t *testing.T) {
	page := "<p>markdown 1.9.0 is installed</p><p>&lt;footer>Made by markdown 1.8.0</p><footer>Made by markdown 1.0.12, outline 1.1.0: plugins</footer>"
	if by := madeBy(page); by != "1.0.12" {
		t.Errorf("it is by %q", by)
	}
	if by := madeBy("<p>markdown 1.9.0</p>"); by != "" {
		t.Errorf("a page without a footer is by %q", by)
	}
}
