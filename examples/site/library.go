package main

import (
	"context"
	"errors"
	"io"
	"io/fs"
	"mime"
	"os"
	"path"
	"strings"
	"sync/atomic"

	"github.com/go-hotplug/hotplug/rpc"
	"github.com/go-hotplug/hotplug/sample-plugins/hostapi"
)

const (
	maxAsset  = 64 << 20 // bytes of a file that becomes part of the site
	maxAnswer = 8 << 20  // bytes of a file that a plugin gets at most: an answer has to fit in a frame
)

// A library is what plugins may know of the sources. Its methods may be called concurrently.
type library struct {
	projects map[string]*project // by key
	pages    map[string]*page    // by the name that plugins know
	folders  map[string]*page    // those with an index page, likewise, and that page

	known atomic.Pointer[map[*page][]string] // the anchors of the pages; nil until they are rendered
}

func newLibrary(projects []*project) *library {
	l := &library{projects: map[string]*project{}, pages: map[string]*page{}, folders: map[string]*page{}}
	for _, p := range projects {
		l.projects[p.key] = p
		for _, page := range p.Pages {
			if page.err != nil {
				continue
			}
			l.pages[page.name()] = page
			if page.Index {
				l.folders[path.Dir(page.name())] = page
			}
		}
	}
	return l
}

// handlers are what the host answers.
func (l *library) handlers() []rpc.Handler {
	return []rpc.Handler{hostapi.ReadAsset.Handle(l.readAsset), hostapi.Exists.Handle(l.exists), hostapi.Anchors.Handle(l.anchors)}
}

// exists tells what the site will have: pages, folders with an index, and files that can be copied.
func (l *library) exists(ctx context.Context, req hostapi.ExistsRequest) (hostapi.ExistsReply, error) {
	var reply hostapi.ExistsReply
	for _, name := range req.Paths {
		if ctx.Err() != nil {
			return reply, ctx.Err()
		}
		if !l.has(name) {
			reply.Missing = append(reply.Missing, name)
		}
	}
	return reply, nil
}

func (l *library) has(name string) bool {
	if l.pages[name] != nil || l.folders[name] != nil {
		return true
	}
	_, _, err := l.stat(name)
	return err == nil
}

// readAsset hands out the beginning of a file.
func (l *library) readAsset(_ context.Context, req hostapi.AssetRequest) (hostapi.Asset, error) {
	f, info, err := l.open(req.Path)
	if err != nil {
		return hostapi.Asset{}, err
	}
	defer f.Close()
	limit := int64(maxAnswer)
	if req.Limit > 0 {
		limit = min(limit, int64(req.Limit))
	} else if info.Size() > limit {
		return hostapi.Asset{}, rpc.Errorf(rpc.Invalid, "read %s: %d bytes: at most %d are handed out, set a limit", req.Path, info.Size(), limit)
	}
	data, err := io.ReadAll(io.LimitReader(f, limit))
	if err != nil {
		return hostapi.Asset{}, rpc.Errorf(rpc.Internal, "read %s: %v", req.Path, errors.Unwrap(err))
	}
	return hostapi.Asset{MediaType: mime.TypeByExtension(path.Ext(req.Path)), Size: info.Size(), Data: data}, nil
}

// open opens a file that stat allows.
func (l *library) open(name string) (*os.File, fs.FileInfo, error) {
	root, file, err := l.stat(name)
	if err != nil {
		return nil, nil, err
	}
	f, err := root.Open(file)
	if err != nil {
		return nil, nil, refusal(name, err)
	}
	info, err := f.Stat()
	if err != nil {
		f.Close()
		return nil, nil, refusal(name, err)
	}
	return f, info, nil
}

// stat finds a file that may be part of the site: a regular one of a known project, not hidden, not too large, and no Markdown, which is
// a page or nothing. Its answers never say where the project lies.
func (l *library) stat(name string) (*os.Root, string, error) {
	key, file, _ := strings.Cut(name, "/")
	p := l.projects[key]
	switch {
	case !fs.ValidPath(name) || strings.ContainsAny(name, "\\\x00"):
		return nil, "", rpc.Errorf(rpc.Denied, "%q is no path in the site: expected names with / between them, without . and ..", name)
	case p == nil || file == "" || isMarkdown(file):
		return nil, "", rpc.Errorf(rpc.NotFound, "the site has no file %q", name)
	case hidden(file):
		return nil, "", rpc.Errorf(rpc.Denied, "%q is hidden: the site has no hidden files", name)
	}
	info, err := p.root.Stat(file)
	switch {
	case err != nil:
		return nil, "", refusal(name, err)
	case !info.Mode().IsRegular():
		return nil, "", rpc.Errorf(rpc.NotFound, "%q is no regular file", name)
	case info.Size() > maxAsset:
		return nil, "", rpc.Errorf(rpc.Denied, "%q is %d bytes: files of the site have at most %d", name, info.Size(), maxAsset)
	}
	return p.root, file, nil
}

// page is the page, or the index of the folder, of a name; nil: there is none.
func (l *library) page(name string) *page {
	if p := l.pages[name]; p != nil {
		return p
	}
	return l.folders[name]
}

// needs are the files and pages that a page links to or shows, each with its state.
func (l *library) needs(p *page) map[string]string {
	needs := map[string]string{}
	for _, link := range p.doc.Links {
		if link.Path != "" {
			needs[link.Path] = l.stateOf(link.Path)
		}
	}
	return needs
}

// stateOf is what a page sees of a file or page that it links to: another text, another state.
func (l *library) stateOf(name string) string {
	if l.page(name) != nil {
		return "page"
	}
	root, file, err := l.stat(name)
	if err != nil {
		return "none"
	}
	return fileState(root.Stat(file))
}

func hidden(file string) bool {
	return strings.HasPrefix(file, ".") || strings.Contains(file, "/.")
}

// refusal is the error of a file that cannot be read. What os.Root refuses, a link out of the project say, is Denied.
func refusal(name string, err error) error {
	if errors.Is(err, fs.ErrNotExist) {
		return rpc.Errorf(rpc.NotFound, "the site has no file %q", name)
	}
	return rpc.Errorf(rpc.Denied, "%q cannot be read, or leads out of its project", name)
}
