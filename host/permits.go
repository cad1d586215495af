package host

import (
	"cmp"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"sync"

	"github.com/go-hotplug/hotplug/manifest"
	"github.com/go-hotplug/hotplug/registry"
	"github.com/go-hotplug/hotplug/rpc"
)

// GrantAll in Config.Grant or Settings.Grant is all that the host answers: what a plugin may call is then up to its manifest alone.
const GrantAll = "*"

// permits are what a plugin may call on its host: what its manifest asks for, and the host grants. Both lists are compared once; a call is
// looked up.
type permits struct {
	plugin   string
	manifest string // its path; empty: there is none
	asks     manifest.Calls
	grants   manifest.Calls
	allowed  map[string]bool // by message, all that the host answers; does not change once built
	all      bool            // and these lists say nothing

	told sync.Map // the messages whose refusal was logged, as keys
}

// permitsOf compares what an entry of the registry asks for with what the host grants.
func permitsOf(c *Config, e registry.Entry) *permits {
	p := &permits{
		plugin: e.Name, manifest: e.ManifestPath, asks: e.Manifest.Permissions.Calls, grants: slices.Concat(c.Grant, c.Plugins[e.Name].Grant),
		allowed: make(map[string]bool, len(c.Handlers)),
	}
	for _, h := range c.Handlers {
		message := h.Use().Name
		p.allowed[message] = p.asks.Include(message) && p.grants.Include(message)
	}
	return p
}

// allow reports whether the plugin may call a message that the host answers.
func (p *permits) allow(message string) bool { return p.allowed[message] || p.all }

// refusal says which line in which place is missing.
func (p *permits) refusal(message string) *rpc.Error {
	var missing []string
	if !p.asks.Include(message) {
		missing = append(missing, fmt.Sprintf(`its manifest does not ask for it: write "permissions": {"calls": [%s]} in %s`, p.asking(message), cmp.Or(p.manifest, "its plugin.json")))
	}
	if !p.grants.Include(message) {
		missing = append(missing, fmt.Sprintf("this host does not grant it: add %q to host.Config.Plugins[%q].Grant", message, p.plugin))
	}
	return rpc.Errorf(rpc.Denied, "%s: plugin %q may not call it: %s", message, p.plugin, strings.Join(missing, "; and "))
}

// asking is what permissions.calls has to list for one message more.
func (p *permits) asking(message string) string {
	var all []string
	for _, call := range slices.Concat(p.asks, manifest.Calls{message}) {
		all = append(all, strconv.Quote(call))
	}
	return strings.Join(all, ", ")
}

// permit is the rpc.Options.Permit of the connections to a process. It logs the first refusal of each message: a notice has no answer, and who
// reads the host's log is who can grant it.
func (p *process) permit(message string) error {
	permits := p.permits.Load()
	if permits.allow(message) {
		return nil
	}
	err := permits.refusal(message)
	if _, told := permits.told.LoadOrStore(message, true); !told {
		p.log.Warn("a call of it was refused, and so will be the next ones", "error", err.Error())
	}
	return err
}

// warnOfUses tells of calls that the plugin says it makes, and may not. It is not refused: it may do without them.
func (i *instance) warnOfUses() {
	permits, told := i.permits.Load(), map[string]bool{} // it may say so a thousand times
	for _, u := range i.hello.Uses {
		if _, answered := permits.allowed[u.Name]; answered && !permits.allow(u.Name) && !told[u.Name] {
			told[u.Name] = true
			i.log.Warn("it says that it makes a call that it may not make", "error", permits.refusal(u.Name).Error())
		}
	}
}

// checkGrants returns an error if a grant is neither a message nor what messages begin with.
func (c *Config) checkGrants() error {
	if err := manifest.Calls(c.Grant).Check(); err != nil {
		return fmt.Errorf("host.Config: Grant: %w", err)
	}
	for name, s := range c.Plugins {
		if err := manifest.Calls(s.Grant).Check(); err != nil {
			return fmt.Errorf("host.Config: Plugins[%q]: Grant: %w", name, err)
		}
	}
	return nil
}
