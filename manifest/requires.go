package manifest

import (
	"encoding/json"
	"slices"
	"strings"
)

// Requirement is another plugin that a plugin needs.
type Requirement struct {
	Name       string
	Constraint Constraint
	// Optional: without a version that fits, the plugin does without.
	Optional bool
}

// String is the requirement as a person says it: "highlight ^2.0".
func (r Requirement) String() string {
	if r.Optional {
		return r.Name + "? " + r.Constraint.String()
	}
	return r.Name + " " + r.Constraint.String()
}

// Requires are the requirements of a plugin, by name.
type Requires []Requirement

// MarshalJSON writes the object that Parse reads.
func (rs Requires) MarshalJSON() ([]byte, error) {
	out := make(map[string]string, len(rs))
	for _, r := range rs {
		key := r.Name
		if r.Optional {
			key += "?"
		}
		out[key] = r.Constraint.String()
	}
	return json.Marshal(out)
}

func (rs *Requires) decodeNode(d *decoder, n *node, key string) {
	if n.kind != kindObject {
		d.wrong(n, key, `an object such as {"highlight": "^2.0"}`)
		return
	}
	seen := map[string]bool{}
	for _, m := range d.unique(n, key) {
		r, ok := d.requirement(m, join(key, m.key))
		if !ok {
			continue
		}
		if seen[r.Name] {
			d.problem(m.start, join(key, m.key), "the plugin a second time", `each plugin once, as "name" or as "name?"`)
		}
		seen[r.Name] = true
		*rs = append(*rs, r)
	}
	slices.SortFunc(*rs, func(a, b Requirement) int { return strings.Compare(a.Name, b.Name) })
}

func (d *decoder) requirement(m member, key string) (Requirement, bool) {
	name, optional := strings.CutSuffix(m.key, "?")
	if !rules["name"].ok(name) {
		d.problem(m.start, key, quote(m.key), rules["name"].want+"; a ? behind it makes it optional")
		return Requirement{}, false
	}
	r := Requirement{Name: name, Optional: optional}
	var err error
	if r.Constraint, err = ParseConstraint(m.value.text); err != nil || m.value.kind != kindString {
		d.wrong(m.value, key, `a semver constraint such as "^2.0", or "*" for any version`)
		return Requirement{}, false
	}
	return r, true
}
