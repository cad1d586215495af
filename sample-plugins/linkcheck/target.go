package main

import (
	"cmp"
	"errors"
	"net/url"
	"path"
	"strings"

	"github.com/go-hotplug/hotplug/sample-plugins/linkcheck/linkcheckapi"
)

const root = "." // the path of the site's root

// A target is where a link of a page leads.
type target struct {
	text   string // as the page says it
	path   string // from the site's root; empty if it leads elsewhere or nowhere
	anchor string // what follows #, decoded
	broken *linkcheckapi.Broken
}

// inside reports that it leads into the site, or would.
func (t *target) inside() bool { return t.path != "" || t.broken != nil }

func (t *target) fail(reason linkcheckapi.Reason, why string) {
	t.broken = &linkcheckapi.Broken{Target: t.text, Path: t.path, Reason: reason, Why: why}
}

// resolve finds out where a link of a page leads, without asking anybody.
func resolve(page, text string) *target {
	t := &target{text: text}
	u, err := url.Parse(text)
	switch {
	case err != nil:
		t.fail(linkcheckapi.Malformed, "is no address: "+reasonOf(err))
	case u.Scheme != "" || u.Host != "":
	case u.Path == "":
		t.path, t.anchor = page, anchorOf(u)
	default:
		t.into(page, u)
	}
	return t
}

// into resolves a path against the folder of a page.
func (t *target) into(page string, u *url.URL) {
	file := u.Path
	if !path.IsAbs(file) {
		file = path.Join("/", path.Dir(page)) + "/" + file
	}
	switch {
	case strings.ContainsAny(file, "\\\x00"):
		t.fail(linkcheckapi.Malformed, `has a \ or a zero byte: folders are separated by /`)
	case climbs(file):
		t.fail(linkcheckapi.Outside, "leads out of the site")
	default:
		t.path, t.anchor = cmp.Or(strings.TrimPrefix(path.Clean(file), "/"), root), anchorOf(u)
	}
}

// anchorOf is the anchor of an address. What follows :~: is for the browser: it searches text there.
func anchorOf(u *url.URL) string {
	anchor, _, _ := strings.Cut(u.Fragment, ":~:")
	return anchor
}

// reasonOf is an error of url.Parse without the address, which it repeats.
func reasonOf(err error) string {
	var of *url.Error
	if errors.As(err, &of) {
		return of.Err.Error()
	}
	return err.Error()
}

// climbs reports whether a path leaves the root on its way.
func climbs(file string) bool {
	clean := path.Clean(strings.TrimLeft(file, "/"))
	return clean == ".." || strings.HasPrefix(clean, "../")
}
