package manifest_test

import (
	"math/rand/v2"
	"path"
	"strings"
	"testing"
	"time"

	"github.com/go-hotplug/hotplug/manifest"
)

func TestSelectsFollowsTheGlobs(t *testing.T) {
	for _, c := range []struct{ globs, yes, no string }{
		{`"**"`, "a a/b a/b/c .hidden", "plugin.json"},
		{`"*"`, "a b.txt", "a/b plugin.json"},
		{`"assets/**"`, "assets/a assets/b/c", "a assetsx/a b/assets/a"},
		{`"./assets/*"`, "assets/a", "assets/b/c"},
		{`"**/*.txt"`, "a.txt b/a.txt b/c/a.txt", "a.md"},
		{`"a/**/z"`, "a/z a/b/z a/b/c/z", "a z a/z/b b/a/z"},
		{`"**/b/**"`, "b b/c a/b a/b/c", "a abc"},
		{`"[a-c].txt", "x?"`, "a.txt xy", "d.txt x xyz"},
		{``, "", "a a/b"},
		{`"plugin.json", "sub/plugin.json"`, "sub/plugin.json", "plugin.json"},
	} {
		m, _ := mustParse(t, with(`"files": [`+c.globs+`]`))
		for _, f := range strings.Fields(c.yes) {
			if !m.Selects(f) {
				t.Errorf("files [%s] leaves out %s", c.globs, f)
			}
		}
		for _, f := range strings.Fields(c.no) {
			if m.Selects(f) {
				t.Errorf("files [%s] selects %s", c.globs, f)
			}
		}
	}
}

func TestSelectsTakesNoExponentialTime(t *testing.T) {
	m, _ := mustParse(t, with(`"files": ["`+strings.Repeat("**/*a*a*a*/", 60)+`b"]`))
	start := time.Now()
	if m.Selects(strings.Repeat("aaaaaaaaaaaaaaaa/", 60) + "c") {
		t.Error("selected")
	}
	if took := time.Since(start); took > 20*time.Second {
		t.Errorf("took %v", took)
	}
}

func TestSelectsBelowSaysWhereSelectedFilesCanLie(t *testing.T) {
	for _, c := range []struct {
		globs, folder string
		want          bool
	}{
		{"**", ".", true}, {"**", "a/b", true}, {"*", "a", false}, {"*", ".", true}, {"", ".", false},
		{"lib/**", "lib", true}, {"lib/**", "lib/deep/er", true}, {"lib/**", "log", false}, {"lib/**", "a/lib", false},
		{"a/*/c", "a", true}, {"a/*/c", "a/b", true}, {"a/*/c", "a/b/c", false}, {"a/*/c", "b", false},
		{"a/**/c", "a/b/c", true}, {"**/c", "x/y", true}, {"a.txt", "a.txt", false}, {"x lib/**", "lib", true},
	} {
		m := manifest.Default()
		m.Files = strings.Fields(c.globs)
		if got := m.SelectsBelow(c.folder); got != c.want {
			t.Errorf("files %q below %q: got %v, want %v", c.globs, c.folder, got, c.want)
		}
	}
}

func TestNoSelectedFileLiesWhereSelectsBelowSaysNo(t *testing.T) {
	r := rand.New(rand.NewPCG(1, 2))
	random := func(names ...string) string {
		var out []string
		for range 1 + r.IntN(4) {
			out = append(out, names[r.IntN(len(names))])
		}
		return strings.Join(out, "/")
	}
	for range 20_000 {
		m := manifest.Default()
		m.Files = []string{random("a", "b", "*", "**", "?")}
		file := random("a", "b", "c")
		for dir := file; m.Selects(file) && dir != "."; {
			if dir = path.Dir(dir); !m.SelectsBelow(dir) {
				t.Fatalf("files %q select %s, and nothing below %s", m.Files, file, dir)
			}
		}
	}
}
