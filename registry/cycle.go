package registry

import (
	"maps"
	"slices"
	"strings"
)

// requirersFirst orders the names so that what requires comes before what is required, over all versions; inside a
// circle of names the order is lexical by where it is entered.
func (r *resolver) requirersFirst() []string {
	var out []string
	seen := map[string]bool{}
	var visit func(name string)
	visit = func(name string) {
		if seen[name] {
			return
		}
		seen[name] = true
		for _, to := range r.required(name) {
			visit(to)
		}
		out = append(out, name)
	}
	// Names that are only required have no candidates; they are visited, so that the requirement fails there.
	for _, name := range slices.Sorted(maps.Keys(r.byName)) {
		visit(name)
	}
	slices.Reverse(out)
	return out
}

// required are the names that any version of a plugin requires, sorted.
func (r *resolver) required(name string) []string {
	set := map[string]bool{}
	for _, c := range r.byName[name] {
		if c.Manifest == nil {
			continue
		}
		for _, q := range c.Manifest.Requires {
			set[q.Name] = true
		}
	}
	return slices.Sorted(maps.Keys(set))
}

// cutCycles finds circles among the chosen. One that an optional requirement closes is opened there; any other breaks
// its members, and false means that everything must be chosen again.
func (r *resolver) cutCycles() bool {
	for {
		cycle := r.findCycle()
		if cycle == nil {
			return true
		}
		if r.openCycle(cycle) {
			continue
		}
		for i, c := range cycle {
			turned := append(slices.Clone(cycle[i:]), cycle[:i]...)
			c.breakBecause("requires itself in a circle: %s", cycleText(turned))
		}
		return false
	}
}

// openCycle drops the first optional requirement of a circle.
func (r *resolver) openCycle(cycle []*Candidate) bool {
	for i, c := range cycle {
		to := cycle[(i+1)%len(cycle)]
		for _, q := range c.Manifest.Requires {
			if q.Name == to.Name && q.Optional {
				r.dropped[edge{c, to.Name}] = true
				return true
			}
		}
	}
	return false
}

// findCycle is one circle among the chosen, beginning with the lexically first of its members; nil if there is none.
func (r *resolver) findCycle() []*Candidate {
	state := map[*Candidate]int{} // 0 new, 1 on the path, 2 done
	var path []*Candidate
	var visit func(c *Candidate) []*Candidate
	visit = func(c *Candidate) []*Candidate {
		state[c] = 1
		path = append(path, c)
		for _, d := range r.dependencies(c) {
			to := r.chosen[d.Name]
			if state[to] == 1 {
				return slices.Clone(path[slices.Index(path, to):])
			}
			if state[to] == 0 {
				if cycle := visit(to); cycle != nil {
					return cycle
				}
			}
		}
		path = path[:len(path)-1]
		state[c] = 2
		return nil
	}
	for _, name := range slices.Sorted(maps.Keys(r.chosen)) {
		if c := r.chosen[name]; state[c] == 0 {
			if cycle := visit(c); cycle != nil {
				return rotate(cycle)
			}
		}
	}
	return nil
}

func rotate(cycle []*Candidate) []*Candidate {
	first := slices.IndexFunc(cycle, func(c *Candidate) bool {
		return c == slices.MinFunc(cycle, func(a, b *Candidate) int { return compareNames(a.Name, b.Name) })
	})
	return append(slices.Clone(cycle[first:]), cycle[:first]...)
}

// cycleText is a -> b -> a.
func cycleText(cycle []*Candidate) string {
	names := make([]string, 0, len(cycle)+1)
	for _, c := range cycle {
		names = append(names, c.Name)
	}
	return strings.Join(append(names, cycle[0].Name), " -> ")
}

// place is where a candidate lies: its folder, or of a lone executable its manifest.
func (c *Candidate) place() string {
	if c.Lone {
		return c.ManifestPath
	}
	return c.Dir
}
