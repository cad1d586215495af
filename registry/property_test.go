package registry_test

import (
	"fmt"
	"math/rand/v2"
	"strings"
	"testing"

	"github.com/go-hotplug/hotplug/registry"
)

// TestEveryResolutionKeepsItsPromises installs random plugins that require each other at random, and checks what must
// hold of any result.
func TestEveryResolutionKeepsItsPromises(t *testing.T) {
	for seed := range uint64(30) {
		lines := randomPlugins(rand.New(rand.NewPCG(seed, 7)))
		s := newShelf(t, 1)
		s.install(lines)
		reg := s.scan()
		checkPromises(t, reg)
		if again := s.scan(); all(again) != all(reg) {
			t.Errorf("two scans differ:\n%s\n\n%s", all(reg), all(again))
		}
		if t.Failed() {
			t.Fatalf("seed %d:\n%s\n\n%s", seed, lines, all(reg))
		}
	}
}

func randomPlugins(r *rand.Rand) string {
	names := "abcdef"
	var lines []string
	for i := range names {
		for v := range 1 + r.IntN(3) {
			var needs []string
			for j := range names {
				if j == i || r.IntN(5) > 0 {
					continue
				}
				optional := []string{"", "?"}[r.IntN(2)]
				needs = append(needs, fmt.Sprintf("%c%s %s", names[j], optional, []string{"*", "^1", "^2", ">=2", "<3", "^9"}[r.IntN(6)]))
			}
			line := fmt.Sprintf("%c %d.0.0 -> %s", names[i], v+1, strings.Join(needs, ", "))
			lines = append(lines, strings.TrimSuffix(line, " -> "))
		}
	}
	return strings.Join(lines, "\n")
}

func checkPromises(t *testing.T, reg *registry.Registry) {
	t.Helper()
	level := map[string]int{}
	for n, entries := range reg.Order() {
		for _, e := range entries {
			level[e.Name] = n
		}
	}
	if len(level) != len(reg.Entries) {
		t.Errorf("the start order has %d plugins, %d are chosen", len(level), len(reg.Entries))
	}
	for _, e := range reg.Entries {
		met := map[string]bool{}
		for _, d := range e.Requires {
			met[d.Name] = true
			to, ok := reg.Find(d.Name)
			if !ok || !to.Version.Equal(d.Version) || level[d.Name] >= level[e.Name] {
				t.Errorf("%s depends on %v, which is not chosen or not started before it", e.Name, d)
			}
		}
		for _, q := range e.Manifest.Requires {
			if to, ok := reg.Find(q.Name); met[q.Name] && (!ok || !q.Constraint.Allows(to.Version)) || !met[q.Name] && !q.Optional {
				t.Errorf("%s %s requires %s and got %q %v", e.Name, e.Version, q, to.Name, to.Version)
			}
		}
	}
	for _, c := range reg.Found {
		if c.Status == "" || c.Reason == "" != (c.Status == registry.Chosen) {
			t.Errorf("status and reason do not fit: %s", c)
		}
	}
}
