package main

import (
	"context"
	"fmt"
	"sync"
	"testing"

	"github.com/go-hotplug/hotplug/rpc"
	"github.com/go-hotplug/hotplug/rpc/rpctest"
	"github.com/go-hotplug/hotplug/sample-plugins/hostapi"
	"github.com/go-hotplug/hotplug/sample-plugins/linkcheck/linkcheckapi"
)

// site is a host with pages, by path, and their anchors. A file that is no page has nil.
type site struct {
	files map[string][]string

	mu    sync.Mutex // guards asked
	asked []string   // messages, with the number of their paths
}

func newSite() *site {
	return &site{files: map[string][]string{
		"index.md":          {"top-of-it", "what's-new"},
		"guide/setup.md":    {"install", "First_Steps", "über"},
		"guide/use.md":      {},
		"guide/img/dot.png": nil,
		"guide/a b.md":      {"x"},
	}}
}

func (s *site) note(message string, paths []string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.asked = append(s.asked, fmt.Sprintf("%s %d", message, len(paths)))
}

func (s *site) exists(_ context.Context, req hostapi.ExistsRequest) (reply hostapi.ExistsReply, err error) {
	s.note("exists", req.Paths)
	for _, path := range req.Paths {
		if _, ok := s.files[path]; !ok {
			reply.Missing = append(reply.Missing, path)
		}
	}
	return reply, nil
}

func (s *site) anchors(_ context.Context, req hostapi.AnchorsRequest) (reply hostapi.AnchorsReply, err error) {
	s.note("anchors", req.Paths)
	for _, path := range req.Paths {
		if ids := s.files[path]; ids != nil {
			reply.Pages = append(reply.Pages, hostapi.PageAnchors{Path: path, IDs: ids})
		}
	}
	return reply, nil
}

func (s *site) handlers() []rpc.Handler {
	return []rpc.Handler{hostapi.Exists.Handle(s.exists), hostapi.Anchors.Handle(s.anchors)}
}

// connect connects the plugin to a host with these handlers.
func connect(t testing.TB, host ...rpc.Handler) rpc.Peer {
	t.Helper()
	p, _ := rpctest.Pair(t, host, handlers())
	return p
}

func mustCheck(t *testing.T, p rpc.Peer, page string, targets ...string) linkcheckapi.Report {
	t.Helper()
	report, err := linkcheckapi.Check.Call(t.Context(), p, linkcheckapi.Request{Page: page, Targets: targets})
	if err != nil {
		t.Fatal(err)
	}
	return report
}
