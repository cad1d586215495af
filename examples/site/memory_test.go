package main

import (
	"context"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/go-hotplug/hotplug/host"
	"github.com/go-hotplug/hotplug/sample-plugins/markdown/markdownapi"
)

// An atelier renders a folder again and again, and notes what its plugin was asked for.
type atelier struct {
	t      *testing.T
	dir    string
	memory *memory
	makers makers // when an edition begins
	later  makers // when it is written

	mu    sync.Mutex // guards asked
	asked []string
}

func newAtelier(t *testing.T, content map[string]string) *atelier {
	t.Helper()
	by := func(version string) maker { return maker{version: version, mark: version} }
	all := makers{"markdown": by("1.0.0"), "highlight": by("1.0.0")}
	return &atelier{t: t, dir: files(t, content), memory: newMemory(), makers: all, later: all}
}

// renders is one edition: the files that were rendered for it, each with its reason.
func (a *atelier) renders() map[string]string {
	a.t.Helper()
	p := projectOf(a.t, "docs", a.dir)
	a.memory.recognize([]*project{p})
	a.asked = nil
	r := rendererWith(a.t, func(_ context.Context, req markdownapi.RenderRequest) (markdownapi.Document, error) {
		a.mu.Lock()
		defer a.mu.Unlock()
		_, file, _ := strings.Cut(req.Name, "/")
		a.asked = append(a.asked, file)
		doc := markdownapi.Document{HTML: req.Source}
		if _, target, shows := strings.Cut(req.Source, "shows "); shows {
			doc.Links = []markdownapi.Link{{Target: target, Path: p.key + "/" + target}}
		}
		return doc, nil
	})
	r.memory, r.makers, r.library = a.memory, a.makers, newLibrary([]*project{p})
	if err := r.all(a.t.Context(), p.Pages); err != nil {
		a.t.Fatal(err)
	}
	doubtReplaced(p.Pages, a.later)
	a.memory.keep(p.Pages)
	why := map[string]string{}
	for _, page := range p.Pages {
		if page.doc.HTML == "" {
			a.t.Errorf("%s is empty", page)
		}
		if page.why != "" {
			why[page.Path] = page.why
		}
	}
	slices.Sort(a.asked)
	if !slices.Equal(a.asked, slices.Sorted(maps.Keys(why))) {
		a.t.Errorf("rendered %q, and reasons are %q", a.asked, why)
	}
	return why
}

// expects is one edition for which just these pages are rendered.
func (a *atelier) expects(what string, want map[string]string) {
	a.t.Helper()
	if got := a.renders(); !maps.Equal(got, want) {
		a.t.Errorf("%s: rendered %q, want %q", what, got, want)
	}
}

func (a *atelier) write(file, text string) {
	a.t.Helper()
	path := filepath.Join(a.dir, file)
	later := time.Now().Add(time.Hour)
	if err := os.WriteFile(path, []byte(text), 0o644); err != nil {
		a.t.Fatal(err)
	}
	if err := os.Chtimes(path, later, later); err != nil {
		a.t.Fatal(err)
	}
}

func TestOnlyPagesThatAChangeTouchesAreRenderedAgain(t *testing.T) {
	a := newAtelier(t, map[string]string{"plain.md": "plain", "code.md": "<pre>", "pic.md": "shows a.png", "a.png": "pixels"})
	a.expects("the first edition", map[string]string{"plain.md": "it is new", "code.md": "it is new", "pic.md": "it is new"})
	a.expects("nothing has changed", map[string]string{})
	a.write("plain.md", "plainer")
	a.expects("a source", map[string]string{"plain.md": "its source has changed"})
	a.write("a.png", "other pixels")
	a.expects("a picture", map[string]string{"pic.md": "docs/a.png has changed, which it links to or shows"})
	a.makers["highlight"] = maker{version: "1.1.0", mark: "x"}
	a.expects("a plugin that colours code", map[string]string{"code.md": "plugin highlight is 1.1.0 now and was 1.0.0"})
	a.makers["highlight"] = maker{version: "1.1.0", mark: "y"}
	a.expects("other bytes of the same version", map[string]string{"code.md": "plugin highlight 1.1.0 is another now"})
	delete(a.makers, "highlight")
	a.expects("a plugin that is gone", map[string]string{"code.md": "plugin highlight does not run any more"})
	a.expects("and stays away", map[string]string{})
	a.makers["outline"] = maker{version: "1.0.0", mark: "z"}
	all := "plugin outline runs now"
	a.expects("a plugin that every page passes through", map[string]string{"plain.md": all, "code.md": all, "pic.md": all})
}

func TestAPageThatAPluginInTransitionMadeIsMadeAgain(t *testing.T) {
	a := newAtelier(t, map[string]string{"plain.md": "plain", "code.md": "<pre>"})
	a.makers["highlight"] = makerOf(host.Status{State: host.Reloading, Version: "1.0.0"}, nil)
	a.renders()
	why := map[string]string{"code.md": "plugin highlight was being replaced, or did not answer"}
	a.expects("while it is replaced", why)
	a.makers["highlight"] = makerOf(host.Status{State: host.Ready, Version: "1.1.0", Hash: "x"}, nil)
	a.expects("once it is there", why)
	a.expects("and then no more", map[string]string{})
	a.makers["highlight"] = makerOf(host.Status{State: host.Ready, Version: "1.1.0", Hash: "x"}, []byte(`{"theme": "dark"}`))
	a.expects("another configuration", map[string]string{"code.md": "plugin highlight 1.1.0 is another now"})
}

func TestAPluginThatIsReplacedWhilePagesAreMadeHasThemMadeAgain(t *testing.T) {
	a := newAtelier(t, map[string]string{"plain.md": "plain", "code.md": "<pre>"})
	a.renders()
	a.write("code.md", "<pre> other")
	now := makers{"markdown": a.makers["markdown"], "highlight": {version: "1.1.0", mark: "x"}}
	a.later = now
	a.expects("a replacement in the middle", map[string]string{"code.md": "its source has changed"})
	for _, p := range a.memory.pages {
		if got := strings.Join(p.madeBy(), ", "); p.Path == "code.md" && got != "markdown 1.0.0, highlight 1.1.0" {
			t.Errorf("%s is made by %s", p, got)
		}
	}
	a.makers = now
	a.expects("the next edition", map[string]string{"code.md": "plugin highlight was being replaced, or did not answer"})
	a.expects("and then no more", map[string]string{})
}

func TestReasonsNameAFewPagesOfMany(t *testing.T) {
	p := manyPages(t, 8)
	for _, page := range p.Pages[:7] {
		page.why = "plugin markdown runs now"
	}
	want := "7 pages of 8 rendered, because plugin markdown runs now: docs/p0.md, docs/p1.md, docs/p2.md, docs/p3.md, docs/p4.md and 2 more"
	if got := reasons(p.Pages); len(got) != 1 || got[0] != want {
		t.Errorf("got %q, want %q", got, want)
	}
}
