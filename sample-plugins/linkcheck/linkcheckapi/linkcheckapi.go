// Package linkcheckapi is the contract of plugins that find links which lead nowhere.
//
//	report, err := linkcheckapi.Check.Call(ctx, peer, linkcheckapi.Request{Page: "guide/start.md", Targets: targets})
//	for _, b := range report.Broken {
//		fmt.Printf("%s: %s\n", b.Target, b.Why)
//	}
//
// The plugin knows no file: it asks its host with host.exists and host.anchors, which package hostapi declares. It opens no
// connection, so links to other sites are counted and not followed.
package linkcheckapi

import "github.com/go-hotplug/hotplug/rpc"

// Check tells which links of a page are broken. More than MaxTargets, or a target or page of more than MaxTarget bytes, are
// rpc.Invalid. A host that does not answer host.exists gets the error of that, rpc.Unimplemented; without host.anchors, files alone
// are checked and Warnings says so.
const Check rpc.Query[Request, Report] = "linkcheck.check"

const (
	MaxTargets = 10_000
	MaxTarget  = 8 << 10 // bytes
)

// Request is a page with its links.
type Request struct {
	Page    string   `json:"page"`    // its path from the site's root, such as guide/start.md: relative targets start from its folder
	Targets []string `json:"targets"` // as the page says them: setup.md#install, ../logo.png, #usage, https://example.com
}

// Report is what became of the links.
type Report struct {
	Broken    []Broken `json:"broken,omitempty"` // in the order of the request, each target once
	Checked   int      `json:"checked"`          // targets that lead into the site
	Elsewhere int      `json:"elsewhere"`        // targets that lead to other sites, or to mail and the like: not checked
	Warnings  []string `json:"warnings,omitempty"`
}

// Broken is a link that leads nowhere.
type Broken struct {
	Target string `json:"target"`         // as the page says it
	Path   string `json:"path,omitempty"` // from the site's root; empty if it has none there
	Reason Reason `json:"reason"`
	Why    string `json:"why"` // for people: one sentence, without a full stop
}

// Reason is a kind of broken link.
type Reason string

const (
	Malformed Reason = "malformed" // no address at all
	Outside   Reason = "outside"   // it climbs out of the site with ..
	Missing   Reason = "missing"   // the site has no such file
	NoAnchor  Reason = "no-anchor" // the page is there, the place in it is not
)
