//go:build linux

package e2e_test

import (
	"context"
	"errors"
	"math"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/go-hotplug/hotplug/shape"
)

// A shell runs the command, with the home of one test.
type shell struct {
	t                      *testing.T
	command, home, plugins string
}

func newShell(t *testing.T) *shell {
	t.Helper()
	home := t.TempDir()
	s := &shell{t: t, command: filepath.Join(home, "hotplug"), home: home, plugins: filepath.Join(home, "plugins")}
	cmd := exec.Command("go", "build", "-buildvcs=false", "-o", s.command, "./cmd/hotplug")
	cmd.Dir = ".."
	if out, err := cmd.CombinedOutput(); err != nil {
		t.Fatalf("build the command: %v\n%s", err, out)
	}
	mustDo(t, os.Mkdir(s.plugins, 0o755))
	for _, name := range []string{"counter", "crasher", "oddity"} {
		dir := shelf{t, s.plugins}.bare(name, m{"entry": name})
		mustDo(t, os.Link(filepath.Join(binaries, name), filepath.Join(dir, name)))
	}
	dir := shelf{t, s.plugins}.bare("exiter", m{"entry": "crasher", "env": m{"set": m{"CRASHER_START": "exit"}}})
	mustDo(t, os.Link(filepath.Join(binaries, "crasher"), filepath.Join(dir, "crasher")))
	dir = shelf{t, s.plugins}.bare("worker", m{"entry": "counter", "protocol": "isolated-workers/1", "serializer": "JsonSerializer"})
	mustDo(t, os.Link(filepath.Join(binaries, "counter"), filepath.Join(dir, "counter")))
	return s
}

// says runs the command and returns what it printed on stderr behind its name, and its findings.
func (s *shell) says(args ...string) []string {
	s.t.Helper()
	ctx, cancel := context.WithTimeout(s.t.Context(), time.Minute)
	defer cancel()
	cmd := exec.CommandContext(ctx, s.command, args...)
	cmd.Dir, cmd.Env = s.home, append(os.Environ(), "HOME="+s.home, "XDG_CACHE_HOME="+filepath.Join(s.home, "cache"))
	var stdout, stderr strings.Builder
	cmd.Stdout, cmd.Stderr = &stdout, &stderr
	if err := cmd.Run(); err == nil {
		s.t.Errorf("hotplug %q: no error", args)
	}
	all := strings.Split("\n"+stderr.String(), "\nhotplug: ") // what comes before the last one are notes
	said, _, _ := strings.Cut(all[len(all)-1], "\nrun 'hotplug ")
	out := []string{strings.TrimSpace(said)}
	if args[0] == "validate" && stdout.Len() > 0 {
		out = append(out, strings.Split(strings.TrimSpace(stdout.String()), "\n")...)
	}
	return out
}

// file writes a file and returns its path.
func (s *shell) file(name, content string, mode os.FileMode) string {
	s.t.Helper()
	path := filepath.Join(s.home, name)
	mustDo(s.t, os.MkdirAll(filepath.Dir(path), 0o755))
	mustDo(s.t, os.WriteFile(path, []byte(content), mode))
	return path
}

// mistakes are command lines, with what has to be there for them.
func (s *shell) mistakes() [][]string {
	call := func(args ...string) []string { return append([]string{"call", s.plugins}, args...) }
	script := func(name, text string) string { return s.file(name, "#!/bin/sh\n"+text+"\n", 0o755) }
	empty := filepath.Dir(s.file("empty/x", "", 0o644))
	platforms := filepath.Dir(s.file("platforms/p/plugin.json", string(manifestText(s.t, "p", m{"version": "1.0.0", "entry": m{
		"linux/amd64": m{"path": "run"}, "linux/arm64": m{"path": "none"}, "linux/386": m{"path": "dir"}, "darwin/amd64": m{"path": "run", "sha256": strings.Repeat("0", 64)},
	}})), 0o644))
	s.file("platforms/p/run", "#!/bin/sh\n", 0o755)
	s.file("platforms/p/dir/x", "", 0o644)
	s.file("broken/p/plugin.json", string(manifestText(s.t, "p", m{"version": "1.0.0", "entry": "none"})), 0o644)
	s.file("mod/go.mod", "module example.org/other\n", 0o644)
	return [][]string{
		{"lst"}, {"nothing-of-the-kind"}, {"call", "x"}, {"describe", "a", "b"},
		{"run", "--log-level", "loud", s.plugins}, call("--timeout", "-1s", "counter", "counter.get"), call("--forward", "x", "counter", "counter.get"),
		call("--forward", "hotplug.x=counter", "counter", "counter.get"), call("--forward", "a=counter", "--forward", "a=counter", "counter", "counter.get"),
		call("--forward", "a=nobody", "counter", "counter.get"), call("--forward", "steam:a=counter", "counter", "counter.get"),
		{"validate", empty}, {"validate", "/no/such/path"}, {"validate", filepath.Join(s.plugins, "counter-1.0.0", "counter")}, {"list", filepath.Join(s.plugins, "counter-1.0.0")},
		{"conformance", empty}, {"conformance", s.plugins}, {"validate", "/" + strings.Repeat("x", 300)}, {"validate", platforms}, {"list", s.home + "/broken"}, {"list", s.plugins, "/no/such/folder"},
		call("counter", "counter.gt"), call("counter", "something.else"), call("counter", "counter.add"), call("counter", "counter.add", "{"),
		call("counter", "counter.addAll", "{}"),
		call("counter", "counter.add", `{"by": "x"}`), call("counter", "counter.add", `{"by": 1e30}`), call("counter", "counter.add", `{"bye": 1}`),
		call("exiter", "x"), call("--timeout", "300ms", "crasher", "crasher.sleep", `{"forMs": 5000}`),
		{"describe", "/no/such/path"}, {"describe", filepath.Join(s.home, "broken", "p")}, {"describe", empty}, {"describe", filepath.Join(s.home, "broken")},
		{"describe", script("silent", "exit 0")}, {"describe", script("chatty", "echo hello")}, {"describe", script("json", "echo {}")}, {"describe", script("dies", "exit 3")},
		{"describe", script("flood", "exec head -c 9000000 /dev/zero")}, {"describe", script("sleeps", "exec sleep 60")}, {"describe", "--launch", script("other", "exit 0")},
		{"conformance", filepath.Join(s.plugins, "worker-1.0.0")}, {"describe", filepath.Join(s.plugins, "worker-1.0.0")},
		{"init", empty}, {"init", filepath.Join(s.plugins, "counter-1.0.0", "plugin.json")}, {"init", "/dev/null"}, {"init", filepath.Join(s.plugins, "counter-1.0.0", "counter")},
		{"init", script("liar", `echo '{"hotplug":[1],"handles":[],"name":"No Name","version":"1.0.0"}'`)},
		{"new", "greeter", "--dir", empty}, {"new", "greeter", "--dir", filepath.Join(empty, "x")}, {"new", "greeter", "--dir", filepath.Join(empty, "x", "y")}, {"new", "hotplug"}, {"new", "con"}, {"new", "v1"}, {"new", "g", "--module", "a.b/nul"}, {"new", "No Name"}, {"new", "g", "--module", "a b"}, {"new", "g", "--module", "greeter"},
		{"new", "g", "--module", "example.org/vendor/x"}, {"new", "g", "--replace", "/no/such/path"}, {"new", "g", "--replace", filepath.Join(s.home, "mod")},
	}
}

// line is says for a line of a shell, in which $H is the command: all errors and notes that were printed.
func (s *shell) line(script string) []string {
	s.t.Helper()
	ctx, cancel := context.WithTimeout(s.t.Context(), time.Minute)
	defer cancel()
	cmd := exec.CommandContext(ctx, "/bin/sh", "-c", script)
	cmd.Dir, cmd.Env = s.home, append(os.Environ(), "H="+s.command, "HOME="+s.home, "XDG_CACHE_HOME="+filepath.Join(s.home, "cache"))
	var stderr strings.Builder
	cmd.Stderr = &stderr
	_ = cmd.Run()
	var out []string
	for _, said := range strings.Split("\n"+stderr.String(), "\nhotplug: ")[1:] {
		said, _, _ = strings.Cut(said, "\nrun 'hotplug ")
		out = append(out, strings.TrimSpace(said))
	}
	return out
}

// lines are mistakes, and what deserves a note, that need a shell; each ends with what is new.
func (s *shell) lines() []string {
	s.file("empty-folder/nothing/x", "", 0o644)
	s.file("program-folder/p/p", "#!/bin/sh\n", 0o755)
	for _, dir := range []string{"empty-folder", "program-folder"} {
		s.file(dir+"/whole/plugin.json", string(manifestText(s.t, "whole", m{"version": "1.0.0", "entry": "run"})), 0o644)
		s.file(dir+"/whole/run", "#!/bin/sh\n", 0o755)
	}
	s.file("problems.json", "{"+strings.Repeat(`"x": 1, `, 70)+`"y": 1}`, 0o644)
	s.file("noise", "noise\n", 0o755)
	s.file("mute/mute", "#!/bin/sh\necho '{\"hotplug\":[1],\"handles\":[]}'\n", 0o755)
	s.file("blocked/blocked", "#!/bin/sh\necho '{\"hotplug\":[1],\"handles\":[]}'\n", 0o755)
	s.file("blocked/plugin.json/x", "", 0o644)
	mustDo(s.t, os.MkdirAll(filepath.Join(s.home, "outside", "p"), 0o755))
	mustDo(s.t, os.Symlink("../../mute/mute", filepath.Join(s.home, "outside", "p", "p")))
	s.file("two-versions/plugin.json", string(manifestText(s.t, "liar", m{"version": "1.0.0", "entry": "markdown"})), 0o644)
	mustDo(s.t, os.Link(filepath.Join(binaries, "markdown"), filepath.Join(s.home, "two-versions", "markdown")))
	return []string{
		`$H help lst`, `$H zorro`, `$H help list x`, `$H list --jsn x`, `$H list -x a`, `$H call --timeout`, `$H list --json=x a`, `$H list --=x`,
		`env -u HOME -u XDG_CACHE_HOME TMPDIR=/no/such/folder $H call plugins counter counter.get`,
		`$H call --timeout 300ms plugins crasher crasher.note '{"text": "x", "holdMs": 5000}'`,
		`timeout --foreground -s INT 2 $H call plugins crasher crasher.sleep '{"forMs": 60000}'`, `timeout --foreground -s INT 3 $H run plugins`,
		`$H call plugins counter counter.add - </`, `sleep 3 | timeout --foreground -s INT 1 $H call plugins counter counter.add -`,
		`echo '{' | $H call plugins counter counter.addAll`, `$H call plugins counter counter.addAll </`,
		`head -c 70000000 /dev/zero | $H call plugins counter counter.addAll`, `$H list plugins >/dev/full`,
		`$H call plugins counter counter.watch '{"count": 1000000000}' | head -n 1`, `$H describe noise`, `$H conformance --case zzz mute/mute`, `$H conformance mute/mute`, `$H conformance noise`,
		`$H describe mute/mute`, `$H describe two-versions`, `$H list empty`, `$H list empty-folder`, `$H validate empty-folder`, `$H validate program-folder`,
		`$H validate problems.json | grep more | sed 's/^/hotplug: /' >&2`, `$H init --force mute/mute`, `$H init outside/p/p`, `$H init --force blocked/blocked`, `$H new greeter --dir new-greeter`,
		`$H run plugins >hosted 2>&1 & until grep -q ready hosted; do sleep 0.1; done; $H run plugins; kill -INT $!; wait`,
		`echo 'go 1.26' >go.work; $H new greeter --dir in-workspace 2>&1 >/dev/null | grep 'is a workspace' >&2; rm go.work`,
	}
}

func TestErrorsOfTheCommandLine(t *testing.T) {
	c := openChapter(t, "The command line")
	s := newShell(t)
	for _, args := range s.mistakes() {
		for _, said := range s.says(args...) {
			c.says(said)
		}
	}
	c.shapesOfJSON()
	c.answersOfJSON()
	for _, line := range s.lines() {
		if said := s.line(line); len(said) == 0 {
			t.Errorf("%s: nothing was said", line)
		} else {
			c.says(said[len(said)-1])
		}
	}
	hints := s.line(`$H call plugins oddity oddity.relay '{"n": 1}'`)
	c.fits(`Plugin "NAME" called`, textError(hints[len(hints)-1]))
	hints = s.line(`$H call plugins worker counter.gte`)
	c.fits(`Plugin "NAME" does not say`, textError(hints[len(hints)-1]))
	c.asWritten(otherUser, "NAME: PATH cannot be reached")
	c.asWritten(byLuck, "print the result", "print as JSON")
	c.asWritten(unbuilt, "MESSAGE is a TYPE", "MESSAGE: the answer cannot", "MESSAGE: an item cannot", "N TEXT not shown", "this command was not made")
}

// shapesOfJSON are the errors of payloads and answers, as call prints them behind the message's name.
func (c *chapter) shapesOfJSON() {
	c.t.Helper()
	of := func(s *shape.Shape, text string) {
		c.t.Helper()
		_, err := s.FromJSON([]byte(text))
		c.meets(named(err))
	}
	of(shape.Of[number](), "")
	of(shape.Of[number](), "{} {}")
	of(shape.Of[[]byte](), `"*"`)
	of(shape.Of[time.Time](), `"yesterday"`)
	of(shape.Of[float32](), "1e300")
	of(shape.Of[int8](), "300")
	of(shape.Of[any](), "99999999999999999999999")
	of(shape.Of[any](), "1e999")
	of(shape.Of[[3]int](), "[1]")
	of(shape.Of[map[float64]int](), `{"1": 1}`)
	of(shape.Of[number](), "{x}")
	of(shape.Of[number](), "{")
	_, err := shape.Of[map[int8]int]().FromJSON([]byte(`{"300": 1}`))
	c.fits("MESSAGE: key of a map", named(err))
}

// answersOfJSON are the errors of answers that JSON cannot show.
func (c *chapter) answersOfJSON() {
	c.t.Helper()
	var deep any
	for range 2000 {
		deep = []any{deep}
	}
	for _, v := range []any{math.NaN(), map[struct{}]int{{}: 1}, map[any]any{1: 1, "1": 2}, deep} {
		_, err := shape.Of[any]().ToJSON(v)
		c.meets(err)
	}
}

func named(err error) error {
	if err == nil {
		return nil
	}
	return errors.New("counter.add: " + err.Error())
}
