package main

import (
	"context"
	"fmt"
	"slices"

	"github.com/go-hotplug/hotplug/host"
	"github.com/go-hotplug/hotplug/registry"
)

// helpers are the plugins that the site does without, each with what is missing then.
var helpers = []struct{ name, without string }{
	{"highlight", "code is not coloured"},
	{"linkcheck", "broken links are those that the renderer found: no reasons, no anchors"},
	{"outline", "a page's contents are the renderer's headings"},
	{"thumbnail", "pictures are as large as they were"},
	{"wordcount", "there are no reading times"},
}

// A crew says which plugins are installed, before any is started. One that is not there is asked for nothing.
type crew struct {
	registry *registry.Registry // nil: the folder cannot be read, and nothing is there
}

// muster looks into the plugins folder. That it cannot be read is for host.Open to say.
func muster(ctx context.Context, dir string) crew {
	found, err := registry.Scan(ctx, registry.Options{Path: []string{dir}, HostName: "site", HostVersion: version})
	if err != nil {
		return crew{}
	}
	return crew{found}
}

func (c crew) has(name string) bool {
	_, ok := c.entry(name)
	return ok
}

func (c crew) entry(name string) (registry.Entry, bool) {
	if c.registry == nil {
		return registry.Entry{}, false
	}
	return c.registry.Find(name)
}

// missing are the helpers that are not there, each with what the site does without, and those that are there and cannot be used.
func (c crew) missing() (absent, broken []string) {
	for _, helper := range helpers {
		if c.has(helper.name) {
			continue
		}
		if reason, ok := c.reason(helper.name); ok {
			broken = append(broken, fmt.Sprintf("plugin %s: %s", helper.name, reason))
			continue
		}
		absent = append(absent, fmt.Sprintf("%s: %s", helper.name, helper.without))
	}
	return absent, broken
}

// reason is why an installed plugin is not used.
func (c crew) reason(name string) (string, bool) {
	if c.registry == nil {
		return "", false
	}
	i := slices.IndexFunc(c.registry.Found, func(found registry.Candidate) bool {
		return found.Name == name && found.Status != registry.NoManifest && found.Status != registry.Ignored
	})
	if i < 0 {
		return "", false
	}
	return c.registry.Found[i].Reason, true
}

// present are name and version of those that answer, for the site's footer.
func present(h *host.Host) (names []string) {
	for _, name := range append([]string{"markdown"}, helperNames()...) {
		if status := h.Plugin(name).Status(); status.State == host.Ready || status.State == host.Reloading {
			names = append(names, name+" "+status.Version)
		}
	}
	return names
}

func helperNames() (names []string) {
	for _, helper := range helpers {
		names = append(names, helper.name)
	}
	return names
}
