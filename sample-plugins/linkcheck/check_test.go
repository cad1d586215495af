package main

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/go-hotplug/hotplug/rpc"
	"github.com/go-hotplug/hotplug/sample-plugins/hostapi"
	"github.com/go-hotplug/hotplug/sample-plugins/linkcheck/linkcheckapi"
)

func TestCheckFindsWhatLeadsNowhereAndSaysWhy(t *testing.T) {
	for _, test := range []struct {
		target string
		path   string
		reason linkcheckapi.Reason // empty: it is no broken link
		why    string
	}{
		{target: "use.md"},
		{target: "../index.md"},
		{target: "/guide/use.md?x=1"},
		{target: "img/dot.png"},
		{target: "img/dot.png#at"},
		{target: "a%20b.md#x"},
		{target: "setup.md#install"},
		{target: "setup.md#%C3%BCber"},
		{target: "setup.md#:~:text=some"},
		{target: "setup.md#install:~:text=some"},
		{target: "#install"},
		{target: "#"},
		{target: "use.md#top"},
		{target: "../"},
		{target: "https://example.com/gone#x"},
		{target: "//example.com/gone"},
		{target: "mailto:gone@example.com"},
		{"gone.md", "guide/gone.md", linkcheckapi.Missing, "there is no guide/gone.md"},
		{"gone.md#x", "guide/gone.md", linkcheckapi.Missing, "there is no guide/gone.md"},
		{"setup", "guide/setup", linkcheckapi.Missing, "there is no guide/setup"},
		{"../../etc/passwd", "", linkcheckapi.Outside, "leads out of the site"},
		{"/..", "", linkcheckapi.Outside, "leads out of the site"},
		{`img\dot.png`, "", linkcheckapi.Malformed, `has a \ or a zero byte: folders are separated by /`},
		{"%zz", "", linkcheckapi.Malformed, `is no address: invalid URL escape "%zz"`},
		{"#gone", "guide/setup.md", linkcheckapi.NoAnchor, "guide/setup.md has no #gone"},
		{"setup.md#Install", "guide/setup.md", linkcheckapi.NoAnchor, "guide/setup.md has no #Install: did you mean #install?"},
		{"setup.md#first-steps", "guide/setup.md", linkcheckapi.NoAnchor, "guide/setup.md has no #first-steps: did you mean #First_Steps?"},
		{"use.md#x", "guide/use.md", linkcheckapi.NoAnchor, "guide/use.md has no #x"},
	} {
		report := mustCheck(t, connect(t, newSite().handlers()...), "guide/setup.md", test.target)
		var want []linkcheckapi.Broken
		if test.reason != "" {
			want = append(want, linkcheckapi.Broken{Target: test.target, Path: test.path, Reason: test.reason, Why: test.why})
		}
		if !slices.Equal(report.Broken, want) || len(report.Warnings) > 0 {
			t.Errorf("%s: %+v\nwant %+v", test.target, report, want)
		}
	}
}

func TestCheckCountsEachTargetOnce(t *testing.T) {
	report := mustCheck(t, connect(t, newSite().handlers()...), "index.md", "gone.md", "gone.md", "https://a", "%zz", "guide/use.md", "#gone")
	if report.Checked != 4 || report.Elsewhere != 1 || len(report.Broken) != 3 || report.Broken[0].Target != "gone.md" || report.Broken[2].Target != "#gone" {
		t.Errorf("got %+v", report)
	}
}

func TestCheckAsksInBatchesAndOnlyWhatItNeeds(t *testing.T) {
	for _, test := range []struct {
		targets []string
		want    []string
	}{
		{[]string{"https://example.com", "#", "../", "../.."}, nil},
		{[]string{"#install"}, []string{"anchors 1"}},
		{[]string{"use.md", "use.md#a", "use.md#b", "../index.md"}, []string{"exists 2", "anchors 1"}},
		{[]string{"gone.md#a"}, []string{"exists 1"}},
		{many(2*batch + 1), []string{"exists 500", "exists 500", "exists 1"}},
	} {
		s := newSite()
		mustCheck(t, connect(t, s.handlers()...), "guide/setup.md", test.targets...)
		if !slices.Equal(s.asked, test.want) {
			t.Errorf("%.60q: the host was asked %q, want %q", test.targets, s.asked, test.want)
		}
	}
}

func many(n int) (targets []string) {
	for i := range n {
		targets = append(targets, fmt.Sprintf("%d.md", i))
	}
	return targets
}

func TestCheckDoesWithoutAnchors(t *testing.T) {
	report := mustCheck(t, connect(t, newSite().handlers()[0]), "index.md", "gone.md", "#gone")
	if len(report.Broken) != 1 || len(report.Warnings) != 1 || !strings.Contains(report.Warnings[0], "only files are checked") {
		t.Errorf("got %+v", report)
	}
}

func TestCheckFailsIfItsHostDoes(t *testing.T) {
	busy := rpc.Errorf(rpc.Internal, "the disk is on fire")
	exists := hostapi.Exists.Handle(func(context.Context, hostapi.ExistsRequest) (hostapi.ExistsReply, error) {
		return hostapi.ExistsReply{}, busy
	})
	anchors := hostapi.Anchors.Handle(func(context.Context, hostapi.AnchorsRequest) (hostapi.AnchorsReply, error) {
		return hostapi.AnchorsReply{}, busy
	})
	for _, test := range []struct {
		host   []rpc.Handler
		target string
		want   error
	}{
		{nil, "x.md", rpc.Unimplemented}, {[]rpc.Handler{exists}, "x.md", rpc.Internal}, {[]rpc.Handler{anchors}, "#x", rpc.Internal},
	} {
		_, err := linkcheckapi.Check.Call(t.Context(), connect(t, test.host...), linkcheckapi.Request{Page: "index.md", Targets: []string{test.target}})
		if !errors.Is(err, test.want) {
			t.Errorf("%s: %v, want %v", test.target, err, test.want)
		}
	}
}

func TestCheckRefusesWhatWouldCostTooMuch(t *testing.T) {
	long := strings.Repeat("x", linkcheckapi.MaxTarget+1)
	for want, req := range map[string]linkcheckapi.Request{
		"a.md has 10001 targets":     {Page: "a.md", Targets: make([]string, linkcheckapi.MaxTargets+1)},
		"page's path is 8193 bytes":  {Page: long},
		"a.md: target 2 is 8193 byt": {Page: "a.md", Targets: []string{"x", long}},
	} {
		if _, err := linkcheckapi.Check.Call(t.Context(), connect(t), req); !errors.Is(err, rpc.Invalid) || !strings.Contains(err.Error(), want) {
			t.Errorf("error %v, want Invalid with %q", err, want)
		}
	}
}
