package main

import (
	"bytes"
	"context"
	"image"
	"image/png"
	"strings"
	"sync"
	"testing"

	"github.com/go-hotplug/hotplug/rpc"
	"github.com/go-hotplug/hotplug/rpc/rpctest"
	"github.com/go-hotplug/hotplug/sample-plugins/highlight/highlightapi"
	"github.com/go-hotplug/hotplug/sample-plugins/hostapi"
	"github.com/go-hotplug/hotplug/sample-plugins/markdown/markdownapi"
)

// site is a host with some files and a highlighter that shouts.
type site struct {
	files map[string]hostapi.Asset
	fail  map[string]error // by message: what is answered instead

	mu    sync.Mutex // guards asked
	asked []string   // messages, with their paths
}

func newSite(t testing.TB) *site {
	small, big := pngOf(t, 3, 2), pngOf(t, 400, 300)
	big.Size = 1 << 20 // as if only the beginning had been read
	return &site{fail: map[string]error{}, files: map[string]hostapi.Asset{
		"index.md": {}, "about.md": {}, "api.md": {}, "guide/setup.md": {},
		"guide/img/logo.svg": {MediaType: "image/svg+xml", Size: 6, Data: []byte("<svg/>")},
		"guide/img/dot.png":  small,
		"guide/img/big.png":  big,
	}}
}

func pngOf(t testing.TB, width, height int) hostapi.Asset {
	t.Helper()
	var out bytes.Buffer
	if err := png.Encode(&out, image.NewGray(image.Rect(0, 0, width, height))); err != nil {
		t.Fatal(err)
	}
	return hostapi.Asset{MediaType: "image/png", Size: int64(out.Len()), Data: out.Bytes()}
}

func (s *site) note(message, what string) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.asked = append(s.asked, message+" "+what)
	return s.fail[message]
}

func (s *site) handlers() []rpc.Handler {
	return []rpc.Handler{
		hostapi.ReadAsset.Handle(s.readAsset), hostapi.Exists.Handle(s.exists), highlightapi.Highlight.Handle(s.highlight),
	}
}

func (s *site) readAsset(_ context.Context, req hostapi.AssetRequest) (hostapi.Asset, error) {
	if err := s.note("host.readAsset", req.Path); err != nil {
		return hostapi.Asset{}, err
	}
	asset, ok := s.files[req.Path]
	if !ok {
		return asset, rpc.Errorf(rpc.NotFound, "no file %s", req.Path)
	}
	return asset, nil
}

func (s *site) exists(_ context.Context, req hostapi.ExistsRequest) (hostapi.ExistsReply, error) {
	var reply hostapi.ExistsReply
	for _, path := range req.Paths {
		if _, ok := s.files[path]; !ok {
			reply.Missing = append(reply.Missing, path)
		}
	}
	return reply, s.note("host.exists", strings.Join(req.Paths, " "))
}

func (s *site) highlight(_ context.Context, req highlightapi.HighlightRequest) (highlightapi.Highlighted, error) {
	err := s.note("highlight.highlight", req.Language)
	return highlightapi.Highlighted{Language: req.Language, HTML: `<span class="kd">FUNC</span>` + "\n"}, err
}

// connect connects the plugin to a host with these handlers.
func connect(t testing.TB, host []rpc.Handler) rpc.Peer {
	t.Helper()
	p, _ := rpctest.Pair(t, host, handlers())
	return p
}

func mustRender(t testing.TB, p rpc.Peer, name, source string) markdownapi.Document {
	t.Helper()
	doc, err := markdownapi.Render.Call(t.Context(), p, markdownapi.RenderRequest{Name: name, Source: source})
	if err != nil {
		t.Fatal(err)
	}
	return doc
}
