package registry

import (
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/go-hotplug/hotplug/internal/nearest"
	"github.com/go-hotplug/hotplug/manifest"
)

// resolver chooses one candidate per name. It makes passes over all names; a pass that finds a candidate that cannot be
// used breaks it and the next pass begins without it. Each failed pass breaks at least one, so passes end.
type resolver struct {
	policy *policy
	byName map[string][]*Candidate // from the highest version down, then by the search path
	names  []string                // requirers before what they require

	chosen   map[string]*Candidate
	verdicts map[*Candidate]verdict // of this pass, for those that are not chosen
	wanted   map[string][]demand    // the requirements of what is chosen, by the name they are on
	dropped  map[edge]bool          // optional requirements that are not met
}

type verdict struct {
	status Status
	reason string
}

// edge is a requirement of one candidate.
type edge struct {
	from *Candidate
	to   string
}

// demand is a requirement that a chosen candidate has on a name.
type demand struct {
	by *Candidate
	manifest.Requirement
}

func newResolver(found []*Candidate, p *policy) *resolver {
	r := &resolver{policy: p, byName: map[string][]*Candidate{}}
	for _, c := range found {
		if c.Status == NoManifest || c.Status == Ignored {
			continue
		}
		r.byName[c.Name] = append(r.byName[c.Name], c)
		c.Status, c.Reason = p.admit(c)
	}
	for _, cs := range r.byName {
		slices.SortStableFunc(cs, func(a, b *Candidate) int { return compareVersions(b.Version, a.Version) })
	}
	r.names = r.requirersFirst()
	return r
}

// admit is what the host's own settings say of a candidate; an empty status lets it through.
func (p *policy) admit(c *Candidate) (Status, string) {
	if p.disabled[c.Name] {
		return Disabled, "disabled by the host"
	}
	if c.Status == Broken {
		return c.Status, c.Reason
	}
	if want := c.Manifest.Host; p.hostVersion != nil && !want.Allows(p.hostVersion) {
		return Excluded, fmt.Sprintf("needs host %s, this host is %s %s", want, p.hostName, p.hostVersion)
	}
	if pin, ok := p.pins[c.Name]; ok && !pin.Allows(c.Version) {
		return Excluded, fmt.Sprintf("the host pins %s to %s", c.Name, pin)
	}
	return "", ""
}

// resolve gives every candidate its status, and the chosen ones their dependencies.
func (r *resolver) resolve() {
	for !r.pass() || !r.cutCycles() {
		continue
	}
	for c, v := range r.verdicts {
		c.Status, c.Reason = v.status, v.reason
	}
	for _, c := range r.chosen {
		c.Status = Chosen
		c.Requires = r.dependencies(c)
	}
}

// pass chooses for every name; false means that it broke a candidate and everything must be chosen again.
func (r *resolver) pass() bool {
	r.chosen = map[string]*Candidate{}
	r.verdicts = map[*Candidate]verdict{}
	r.wanted = map[string][]demand{}
	r.dropped = map[edge]bool{}
	for _, name := range r.names {
		if !r.choose(name) {
			return false
		}
	}
	return r.verify()
}

// usable are the candidates of a name that nothing has ruled out.
func (r *resolver) usable(name string) []*Candidate {
	var out []*Candidate
	for _, c := range r.byName[name] {
		if c.Status == "" {
			out = append(out, c)
		}
	}
	return out
}

// demands are the requirements on a name by what is chosen so far, by requirer; dropped ones do not count.
func (r *resolver) demands(name string) []demand {
	var out []demand
	for _, d := range r.wanted[name] {
		if !r.dropped[edge{d.by, name}] {
			out = append(out, d)
		}
	}
	slices.SortFunc(out, func(a, b demand) int { return compareNames(a.by.Name, b.by.Name) })
	return out
}

// choose takes the highest version of a name that satisfies every demand, and says why the others were not taken.
func (r *resolver) choose(name string) bool {
	r.dropHopeless(name)
	demands := r.demands(name)
	best := r.best(name, demands)
	for best == nil && dropOptional(r, name, demands) {
		demands = r.demands(name)
		best = r.best(name, demands)
	}
	if best == nil && len(demands) > 0 {
		r.blame(name, demands)
		return false
	}
	if best == nil {
		return true
	}
	r.take(best)
	for _, c := range r.usable(name) {
		if c != best {
			r.verdicts[c] = r.notTaken(c, best, demands)
		}
	}
	return true
}

// take chooses a candidate and notes what it requires.
func (r *resolver) take(c *Candidate) {
	r.chosen[c.Name] = c
	for _, q := range c.Manifest.Requires {
		r.wanted[q.Name] = append(r.wanted[q.Name], demand{c, q})
	}
}

func (r *resolver) best(name string, demands []demand) *Candidate {
	for _, c := range r.usable(name) {
		if refusal(c, demands) == nil {
			return c
		}
	}
	return nil
}

// refusal is the first demand that a candidate does not satisfy.
func refusal(c *Candidate, demands []demand) *demand {
	for i := range demands {
		if !demands[i].Constraint.Allows(c.Version) {
			return &demands[i]
		}
	}
	return nil
}

// dropHopeless drops the optional requirements that no usable version satisfies by itself.
func (r *resolver) dropHopeless(name string) {
	for _, d := range r.demands(name) {
		if d.Optional && r.best(name, []demand{d}) == nil {
			r.dropped[edge{d.by, name}] = true
		}
	}
}

// dropOptional drops the last optional demand, false if there is none.
func dropOptional(r *resolver, name string, demands []demand) bool {
	for _, d := range slices.Backward(demands) {
		if d.Optional {
			r.dropped[edge{d.by, name}] = true
			return true
		}
	}
	return false
}

// notTaken says why a usable candidate is not the chosen one.
func (r *resolver) notTaken(c, best *Candidate, demands []demand) verdict {
	if d := refusal(c, demands); d != nil {
		return verdict{Excluded, fmt.Sprintf("%s %s requires %s", d.by.Name, d.by.Version, d.Requirement)}
	}
	if c.Version.Equal(best.Version) {
		return verdict{Shadowed, fmt.Sprintf("the same version in %s comes first", best.place())}
	}
	return verdict{Shadowed, fmt.Sprintf("version %s in %s is higher", best.Version, best.place())}
}

// blame breaks the requirers of a name that cannot be served: those that nothing could serve, else those that
// disagree with each other.
func (r *resolver) blame(name string, demands []demand) {
	blamed := false
	for _, d := range demands {
		if r.best(name, []demand{d}) == nil {
			d.by.breakBecause("requires %s, %s", d.Requirement, r.whyNone(name))
			blamed = true
		}
	}
	if blamed {
		return
	}
	var sides []string
	for _, d := range demands {
		sides = append(sides, fmt.Sprintf("%s %s requires %s", d.by.Name, d.by.Version, d.Requirement))
	}
	for _, d := range demands {
		d.by.breakBecause("conflict over %s: %s; no installed version satisfies all (there is %s)", name, strings.Join(sides, ", "), r.versions(name))
	}
}

func (c *Candidate) breakBecause(format string, args ...any) {
	c.Status, c.Reason = Broken, fmt.Sprintf(format, args...)
	c.Err = fmt.Errorf("plugin %q %s %s", c.Name, c.Version, c.Reason)
}

// whyNone says what there is of a name that a requirement could not use.
func (r *resolver) whyNone(name string) string {
	if r.policy.disabled[name] && len(r.byName[name]) > 0 {
		return "which is disabled by the host"
	}
	if len(r.usable(name)) > 0 {
		return "found " + r.versions(name)
	}
	if all := r.byName[name]; len(all) > 0 {
		return fmt.Sprintf("which is %s: %s", all[0].Status, all[0].Reason)
	}
	if near := nearest.Name(name, slices.Sorted(maps.Keys(r.byName))); near != "" {
		return fmt.Sprintf("which is not installed (%q is)", near)
	}
	return "which is not installed"
}

func (r *resolver) versions(name string) string {
	var out []string
	for _, c := range r.usable(name) {
		out = append(out, c.Version.String())
	}
	return strings.Join(out, ", ")
}

// verify looks again at names that were chosen before all of their requirers were, which happens in circles of names.
func (r *resolver) verify() bool {
	for _, name := range slices.Sorted(maps.Keys(r.wanted)) {
		r.dropHopeless(name)
		demands := r.demands(name)
		if len(demands) > 0 && r.chosen[name] == nil {
			r.blame(name, demands)
			return false
		}
		if d := refusal(r.chosen[name], demands); d != nil && !r.yield(name, d) {
			return false
		}
	}
	return true
}

// yield settles a demand that came after the choice: it drops an optional one, takes out what was chosen if another
// version satisfies everybody, or breaks those who ask. Only the first lets the pass go on.
func (r *resolver) yield(name string, d *demand) bool {
	demands := r.demands(name)
	better := r.best(name, demands) != nil
	if d.Optional && !better {
		r.dropped[edge{d.by, name}] = true
		return r.yieldAgain(name)
	}
	if !better {
		r.blame(name, demands)
		return false
	}
	c := r.chosen[name]
	c.Status = Excluded
	c.Reason = fmt.Sprintf("%s %s requires %s", d.by.Name, d.by.Version, d.Requirement)
	return false
}

// yieldAgain looks at the demands that are left after one was dropped.
func (r *resolver) yieldAgain(name string) bool {
	d := refusal(r.chosen[name], r.demands(name))
	return d == nil || r.yield(name, d)
}

// dependencies are the requirements of a chosen candidate as they were met.
func (r *resolver) dependencies(c *Candidate) []Dependency {
	var out []Dependency
	for _, q := range c.Manifest.Requires {
		if to := r.chosen[q.Name]; to != nil && !r.dropped[edge{c, q.Name}] {
			out = append(out, Dependency{Name: q.Name, Version: to.Version, Constraint: q.Constraint.String(), Optional: q.Optional})
		}
	}
	return out
}
