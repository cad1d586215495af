package registry_test

import (
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"testing"

	"github.com/go-hotplug/hotplug/registry"
)

// shelf is a search path of plugins folders in a temporary folder.
type shelf struct {
	t    *testing.T
	root string
	opts registry.Options
}

// newShelf has the folders one, two, ... on its search path, as many as asked for.
func newShelf(t *testing.T, folders int) *shelf {
	t.Helper()
	root, err := filepath.EvalSymlinks(t.TempDir())
	if err != nil {
		t.Fatal(err)
	}
	s := &shelf{t: t, root: root}
	for _, name := range []string{"one", "two", "three"}[:folders] {
		dir := filepath.Join(root, name)
		s.mkdir(name)
		s.opts.Path = append(s.opts.Path, dir)
	}
	return s
}

func (s *shelf) path(rel string) string { return filepath.Join(s.root, filepath.FromSlash(rel)) }

func (s *shelf) mkdir(rel string) {
	s.t.Helper()
	if err := os.MkdirAll(s.path(rel), 0o755); err != nil {
		s.t.Fatal(err)
	}
}

func (s *shelf) write(rel, content string, mode os.FileMode) {
	s.t.Helper()
	s.mkdir(filepath.Dir(rel))
	if err := os.WriteFile(s.path(rel), []byte(content), mode); err != nil {
		s.t.Fatal(err)
	}
}

func (s *shelf) link(target, rel string) {
	s.t.Helper()
	if err := os.Symlink(target, s.path(rel)); err != nil {
		s.t.Skipf("no symbolic links here: %v", err)
	}
}

// entryName is a name that is executable here, and entryBody what is in it.
func entryName() string {
	if runtime.GOOS == "windows" {
		return "run.cmd"
	}
	return "run"
}

const entryBody = "#!/bin/sh\n"

// text is a manifest; more are further keys.
func text(name, version, entry string, more ...string) string {
	return fmt.Sprintf(`{"manifest": 1, "name": %q, "version": %q, "entry": %q%s}`, name, version, entry,
		strings.Join(append([]string{""}, more...), ", "))
}

// plugin installs a plugin that works.
func (s *shelf) plugin(folder, name, version string, more ...string) {
	s.t.Helper()
	s.write(folder+"/plugin.json", text(name, version, entryName(), more...), 0o644)
	s.write(folder+"/"+entryName(), entryBody, 0o755)
}

// install takes lines such as "a 1.0.0 -> b ^1, c? *", optionally with "@two " before them.
func (s *shelf) install(lines string) {
	s.t.Helper()
	for line := range strings.SplitSeq(strings.TrimSpace(lines), "\n") {
		line = strings.TrimSpace(line)
		folder := "one"
		if at, rest, ok := strings.Cut(line, " "); ok && strings.HasPrefix(at, "@") {
			folder, line = at[1:], rest
		}
		head, needs, _ := strings.Cut(line, " -> ")
		name, version, _ := strings.Cut(head, " ")
		requires := map[string]string{}
		for need := range strings.SplitSeq(needs, ", ") {
			if to, constraint, ok := strings.Cut(need, " "); ok {
				requires[to] = constraint
			}
		}
		object, _ := json.Marshal(requires)
		s.plugin(folder+"/"+name+"-"+version, name, version, `"requires": `+string(object))
	}
}

func (s *shelf) scan() *registry.Registry {
	s.t.Helper()
	reg, err := registry.Scan(s.t.Context(), s.opts)
	if err != nil {
		s.t.Fatalf("Scan: %v", err)
	}
	return reg
}

// chosen is the chosen plugins in one line.
func chosen(reg *registry.Registry) string {
	var out []string
	for _, e := range reg.Entries {
		out = append(out, e.Name+" "+e.Version.String())
	}
	return strings.Join(out, ", ")
}

// order is the levels of the start order in one line.
func order(reg *registry.Registry) string {
	var out []string
	for _, level := range reg.Order() {
		var names []string
		for _, e := range level {
			names = append(names, e.Name)
		}
		out = append(out, strings.Join(names, " "))
	}
	return strings.Join(out, " | ")
}

// only is the one candidate of a name.
func only(t *testing.T, reg *registry.Registry, name string) registry.Candidate {
	t.Helper()
	x := reg.Explain(name)
	if len(x.Candidates) != 1 {
		t.Fatalf("%d candidates of %s, want 1:\n%s", len(x.Candidates), name, x)
	}
	return x.Candidates[0]
}

func contains(t *testing.T, text string, wants ...string) {
	t.Helper()
	for _, w := range wants {
		if !strings.Contains(text, w) {
			t.Errorf("text lacks %q:\n%s", w, text)
		}
	}
}

func (s *shelf) rename(from, to string) {
	s.t.Helper()
	if err := os.Rename(s.path(from), s.path(to)); err != nil {
		s.t.Fatal(err)
	}
}
