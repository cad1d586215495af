package registry

import (
	"fmt"
	"strings"
)

// Explanation says what became of every candidate of one name.
type Explanation struct {
	Name       string
	Candidates []Candidate // in the order of Registry.Found
	Nearest    string      // if there are none: the installed name that was most likely meant, or ""
}

// Explain collects the candidates of a name.
func (r *Registry) Explain(name string) Explanation {
	x := Explanation{Name: name}
	for _, c := range r.Found {
		if c.Name == name {
			x.Candidates = append(x.Candidates, c)
		}
	}
	if len(x.Candidates) == 0 {
		x.Nearest = r.Nearest(name)
	}
	return x
}

// String is one line per candidate; a reason of several lines goes on indented.
func (x Explanation) String() string {
	if len(x.Candidates) == 0 {
		text := fmt.Sprintf("plugin %q is not installed", x.Name)
		if x.Nearest != "" {
			text += fmt.Sprintf(": did you mean %q?", x.Nearest)
		}
		return text
	}
	lines := make([]string, len(x.Candidates))
	for i, c := range x.Candidates {
		lines[i] = c.String()
	}
	return strings.Join(lines, "\n")
}

// String is name, version, folder, status and reason.
func (c Candidate) String() string {
	text := c.label() + ": " + string(c.Status)
	if c.Reason != "" {
		text += ": " + strings.ReplaceAll(c.Reason, "\n", "\n    ")
	}
	return text
}

// label names a candidate in a sentence.
func (c *Candidate) label() string {
	where := c.Dir
	if c.Lone {
		where = c.ManifestPath
	}
	if c.ManifestPath == "" && c.EntryPath != "" {
		where = c.EntryPath
	}
	if c.Version == nil {
		return fmt.Sprintf("%s (%s)", c.Name, where)
	}
	return fmt.Sprintf("%s %s (%s)", c.Name, c.Version, where)
}
