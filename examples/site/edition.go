package main

import (
	"bytes"
	"crypto/rand"
	"fmt"
	"io/fs"
	"maps"
	"net/http"
	"os"
	"path"
	"path/filepath"
	"strings"
	"time"
)

// An edition is a finished site, in memory: while the next one is made, and when it takes its place, readers have a whole one.
type edition struct {
	name  string // that no other has: it tells a browser whether what it shows is the latest
	files map[string][]byte
	pages int // made of Markdown
}

// readEdition takes in what a build has written.
func readEdition(dir, name string) (*edition, error) {
	e := &edition{name: name, files: map[string][]byte{}}
	root := os.DirFS(dir)
	err := fs.WalkDir(root, ".", func(file string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() || file == marker {
			return err
		}
		e.files[file], err = fs.ReadFile(root, file)
		return err
	})
	if err != nil {
		return nil, fmt.Errorf("read %s: %w", filepath.Base(dir), err)
	}
	return e, nil
}

// liveScript has a browser show the next edition as soon as there is one, also if the server was started anew. The pages' own policy allows no script:
// this one has a number that nobody knows beforehand.
const liveScript = `<script nonce="%s">new EventSource("/` + liveFile + `").onmessage = e => { if (e.data !== "%s") location.reload() }</script></body>`

// liveFile is where browsers hear of editions. No project's folder begins with an underscore.
const liveFile = "_site/live"

// policy is how the pages' content security policy begins.
const policy = `content="default-src 'none';`

// live is a page with liveScript.
func (e *edition) live(page []byte) []byte {
	nonce := rand.Text()
	page = bytes.Replace(page, []byte(policy), fmt.Appendf(nil, policy+` script-src 'nonce-%s'; connect-src 'self';`, nonce), 1)
	return bytes.Replace(page, []byte("</body>"), fmt.Appendf(nil, liveScript, nonce, e.name), 1)
}

// ServeHTTP answers with a file of the edition.
func (e *edition) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	name := strings.TrimPrefix(path.Clean(r.URL.Path), "/")
	if _, isFile := e.files[name]; !isFile {
		name = path.Join(name, "index.html")
	}
	body, ok := e.files[name]
	if !ok {
		http.Error(w, "the site has no such page", http.StatusNotFound)
		return
	}
	if strings.HasSuffix(name, ".html") {
		body = e.live(body)
	}
	w.Header().Set("Cache-Control", "no-cache")
	w.Header().Set("ETag", `"`+e.name+`"`) // and no time: two editions of one second would be the same to a browser, which would load the older one for ever
	http.ServeContent(w, r, name, time.Time{}, bytes.NewReader(body))
}

// same reports whether readers would see no difference. before may be nil.
func (e *edition) same(before *edition) bool {
	return before != nil && maps.EqualFunc(e.files, before.files, bytes.Equal)
}

// keep takes in a page that another edition has and this one could not get, and reports whether that has it. before may be nil.
func (e *edition) keep(p *page, before *edition) (kept bool) {
	if before == nil {
		return false
	}
	for _, name := range p.outputs() {
		old, had := before.files[name]
		if _, has := e.files[name]; had && !has {
			e.files[name], kept = old, true
		}
	}
	return kept
}
