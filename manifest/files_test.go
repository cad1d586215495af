package manifest_test

import (
	"strings"
	"testing"
	"time"
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
