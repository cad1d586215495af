package main

import (
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"maps"
	"slices"
	"strings"
	"sync"

	"github.com/go-hotplug/hotplug/host"
)

// A memory keeps what plugins have made, from one edition to the next: what none of their changes touches is not made again. A nil memory
// remembers nothing.
type memory struct {
	keys  map[string]string // of projects, by folder: the names that plugins know stay the same
	pages map[string]*page  // of the latest edition, by those names

	mu          sync.Mutex          // guards all below: pictures are made by several goroutines
	pictures    map[string]*picture // of the latest edition, by content and who made them
	newPictures map[string]*picture // of the one that is being made
}

func newMemory() *memory {
	return &memory{keys: map[string]string{}, pages: map[string]*page{}, newPictures: map[string]*picture{}}
}

// recognize gives projects the keys that they had.
func (m *memory) recognize(projects []*project) {
	if m == nil {
		return
	}
	for _, p := range projects {
		if key, known := m.keys[p.dir]; known {
			p.key = key
		}
		m.keys[p.dir] = p.key
	}
}

// keep remembers the pages of an edition.
func (m *memory) keep(pages []*page) {
	if m == nil {
		return
	}
	m.pages = map[string]*page{}
	for _, p := range pages {
		m.pages[p.name()] = p
	}
	m.pictures, m.newPictures = m.newPictures, map[string]*picture{}
}

// recall takes over what was made of a page, unless something that it was made of is another now: why says what.
func (m *memory) recall(p *page, now makers, l *library) (why string) {
	if m == nil {
		return "there was no edition before"
	}
	old := m.pages[p.name()]
	if why = p.outdated(old, now, l); why == "" {
		p.doc, p.source, p.outlined, p.sections, p.headings, p.counts = old.doc, old.source, old.outlined, old.sections, old.headings, old.counts
		p.Broken, p.notes, p.by, p.needs = rendererSays(old.doc), old.notes, maps.Clone(old.by), old.needs
		delete(p.by, "linkcheck") // which is looked at once all pages are there
	}
	return why
}

// outdated says what a page was made of that is another now; empty: nothing.
func (p *page) outdated(old *page, now makers, l *library) string {
	switch {
	case old == nil:
		return "it is new"
	case old.err != nil:
		return "it could not be made before"
	case old.sum != p.sum:
		return "its source has changed"
	}
	for _, name := range renderers(old) {
		if why := old.by[name].became(name, now.of(name)); why != "" {
			return why
		}
	}
	for _, file := range sortedKeys(old.needs) {
		if l.stateOf(file) != old.needs[file] {
			return p.Project.readable(file) + " has changed, which it links to or shows"
		}
	}
	return ""
}

// recallLinks takes over what was said of a page's links, unless the page, a page that it links to, or who says it is another now.
func (m *memory) recallLinks(p *page, now makers, l *library) bool {
	if m == nil || p.why != "" {
		return false
	}
	old := m.pages[p.name()]
	if !old.by["linkcheck"].same(now.of("linkcheck")) {
		return false
	}
	for file := range p.needs {
		if to := l.page(file); to != nil && to.why != "" {
			return false
		}
	}
	p.Broken, p.linkNotes, p.by["linkcheck"] = old.Broken, old.linkNotes, old.by["linkcheck"]
	return true
}

// picture returns the picture that make makes, or made before of the same bytes and by the same plugin.
func (m *memory) picture(sum [sha256.Size]byte, by maker, make func() (*picture, error)) (*picture, error) {
	if m == nil || by.mark == "" {
		return make()
	}
	key := hex.EncodeToString(sum[:]) + by.mark
	m.mu.Lock()
	made := m.pictures[key]
	m.mu.Unlock()
	if made == nil {
		var err error
		if made, err = make(); err != nil {
			return nil, err
		}
	}
	m.mu.Lock()
	m.newPictures[key] = made
	m.mu.Unlock()
	return made, nil
}

// A maker is a version of a plugin that took part in a page.
type maker struct {
	version string // empty: it was not there, or did not run
	mark    string // that no other has; empty: who that was is not certain
}

func (m maker) same(other maker) bool { return m.mark != "" && m.mark == other.mark }

// became says what is different of a plugin that was m; empty: nothing.
func (m maker) became(name string, now maker) string {
	switch {
	case m.same(now):
		return ""
	case m.mark == "":
		return "plugin " + name + " was being replaced, or did not answer"
	case now.version == "":
		return "plugin " + name + " does not run any more"
	case m.version == "":
		return "plugin " + name + " runs now"
	case m.version != now.version:
		return fmt.Sprintf("plugin %s is %s now and was %s", name, now.version, m.version)
	}
	return fmt.Sprintf("plugin %s %s is another now", name, now.version)
}

// makers are the plugins that can take part, by name.
type makers map[string]maker

// of is what a plugin is; one that is not there is so for certain.
func (m makers) of(name string) maker {
	if now, ok := m[name]; ok {
		return now
	}
	return maker{mark: "absent"}
}

// makersOf looks at the plugins of a crew.
func makersOf(c crew, h *host.Host) makers {
	now := makers{}
	for _, name := range append([]string{"markdown"}, helperNames()...) {
		if e, ok := c.entry(name); ok {
			now[name] = makerOf(h.Plugin(name).Status(), e.Manifest.Config.Default)
		}
	}
	return now
}

func makerOf(s host.Status, config []byte) maker {
	switch s.State {
	case host.Ready, host.Idle:
		return maker{version: s.Version, mark: s.Version + " " + s.Hash + " " + string(config)}
	case host.Failed, host.Quarantined, host.Stopped, host.Disabled:
		return maker{mark: string(s.State)}
	}
	return maker{version: s.Version} // it is about to become another
}

// renderers are the plugins that a page's text passes through: the highlighter only if there is code in it.
func renderers(p *page) []string {
	names := []string{"markdown", "outline", "wordcount"}
	if strings.Contains(p.doc.HTML, "<pre") {
		names = append(names, "highlight")
	}
	return names
}

// sign notes who took part in a page.
func (p *page) sign(now makers) {
	p.by = makers{}
	for _, name := range renderers(p) {
		p.by[name] = now.of(name)
	}
	if len(p.doc.Warnings) > 0 { // such as code that was not coloured, because nobody answered
		p.doubt("highlight")
	}
}

// doubt has a page made again with the next edition.
func (p *page) doubt(name string) {
	if by, ok := p.by[name]; ok {
		p.by[name] = maker{version: by.version}
	}
}

// doubtReplaced is for pages during whose making a plugin has become another: nobody knows which of the two it was. It names the later one,
// and has them made again with the next edition.
func doubtReplaced(pages []*page, now makers) {
	for _, p := range pages {
		for name, by := range p.by {
			if is := now.of(name); !by.same(is) {
				p.by[name] = maker{version: is.version}
			}
		}
	}
}

// madeBy are name and version of those who took part in a page.
func (p *page) madeBy() (names []string) {
	for _, name := range append([]string{"markdown"}, helperNames()...) {
		if v := p.by[name].version; v != "" {
			names = append(names, name+" "+v)
		}
	}
	return names
}

// reasons say which pages were made, a line for each why.
func reasons(pages []*page) (lines []string) {
	const most = 5
	by := map[string][]string{}
	for _, p := range pages {
		if p.why != "" {
			by[p.why] = append(by[p.why], p.String())
		}
	}
	for _, why := range sortedKeys(by) {
		names := by[why]
		list := strings.Join(names[:min(len(names), most)], ", ")
		if more := len(names) - most; more > 0 {
			list += fmt.Sprintf(" and %d more", more)
		}
		lines = append(lines, fmt.Sprintf("%s of %d rendered, because %s: %s", count(len(names), "page"), len(pages), why, list))
	}
	return lines
}

func sortedKeys[V any](m map[string]V) []string {
	return slices.Sorted(maps.Keys(m))
}
