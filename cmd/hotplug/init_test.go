package main

import (
	"os"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"testing"

	"github.com/go-hotplug/hotplug/manifest"
)

// program puts a sample's program into a folder, without a manifest.
func (s *shelf) program(name, rel string) string {
	s.t.Helper()
	content, err := os.ReadFile(filepath.Join(built, exe(name)))
	if err != nil {
		s.t.Fatal(err)
	}
	return s.file(exe(rel), string(content), 0o755)
}

func TestInitWritesAManifestThatAHostTakes(t *testing.T) {
	for name, c := range map[string]struct {
		from, rel, manifest string
		more                []string // other files of the folder
		args                []string
		want                string // name and version
		plugins             string // the plugins folder
	}{
		"alone in its folder":              {"counter", "bin/count", "bin/plugin.json", nil, nil, "count 0.1.0", "."},
		"beside files and folders":         {"counter", "tool/count", "tool/plugin.json", []string{"tool/lib.js", "tool/.env", "tool/deps/x/package.json"}, nil, "count 0.1.0", "."},
		"beside files in a plugins folder": {"counter", "plugins/bin/count", "plugins/bin/plugin.json", []string{"plugins/bin/data.txt"}, nil, "count 0.1.0", "plugins"},
		"in a folder of its name":          {"counter", "count/count", "count/plugin.json", []string{"count/x/plugin.json"}, nil, "count 0.1.0", "."},
		"in a folder of the plugin's name": {"highlight", "highlight/prog", "highlight/plugin.json", []string{"highlight/x/plugin.json"}, nil, "highlight 1.0.0", "."},
		"among plugins with folders":       {"counter", "ext/count", "ext/count.plugin.json", []string{"ext/other/plugin.json"}, nil, "count 0.1.0", "ext"},
		"among lone plugins":               {"counter", "ext/count", "ext/count.plugin.json", []string{"ext/other.plugin.json", "ext/data.txt"}, nil, "count 0.1.0", "ext"},
		"alone in a plugins folder":        {"counter", "my-plugins/count", "my-plugins/count.plugin.json", nil, nil, "count 0.1.0", "my-plugins"},
		"--lone":                           {"highlight", "ext/prog", "ext/prog.plugin.json", []string{"ext/data.txt"}, []string{"--lone"}, "highlight 1.0.0", "ext"},
	} {
		t.Run(name, func(t *testing.T) {
			s := newShelf(t)
			binary := s.program(c.from, c.rel)
			for _, f := range c.more {
				s.file(f, "{}", 0o644)
			}
			got := decoded[draft](t, command(t, append([]string{"init", "--json", binary}, c.args...)...).exits(t, exitOK))
			if want := filepath.Join(s.dir, filepath.FromSlash(c.manifest)); got.Manifest != want || got.Name+" "+got.Version != c.want {
				t.Fatalf("got %+v, want %s of %s", got, want, c.want)
			}
			listed := decoded[listing](t, command(t, "list", "--json", filepath.Join(s.dir, c.plugins)))
			for _, l := range listed.Plugins {
				if l.Name+" "+l.Version == c.want && l.Status == "chosen" {
					return
				}
			}
			t.Errorf("a host would not choose it: %+v", listed)
		})
	}
}

func TestInitSaysWhatItWroteAndWhatIsNext(t *testing.T) {
	s := newShelf(t)
	binary := s.program("counter", "counter/counter")
	got := command(t, "init", binary).exits(t, exitOK)
	golden(t, "init", got.out, s.dir)
	if want := "the program embeds no manifest: its name is the file's, and its version 0.1.0"; !strings.Contains(got.err, want) {
		t.Errorf("stderr lacks %q: %s", want, got)
	}
	command(t, "call", s.dir, "counter", "counter.get").exits(t, exitOK)
	t.Chdir(filepath.Join(s.dir, "counter"))
	if got := command(t, "init", "--force", exe("counter")).exits(t, exitOK); !strings.Contains(got.out, "next\thotplug run ..\n") {
		t.Errorf("got %s", got)
	}
}

// What lies beside the program is a part of the plugin: its output says so, and a script finds it where it is run.
func TestInitOfAScriptTakesWhatLiesBesideIt(t *testing.T) {
	if runtime.GOOS == "windows" {
		t.Skip("a script needs a #! line")
	}
	s := newShelf(t)
	s.program("counter", "tool/libexec/prog")
	script := s.file("tool/run", "#!/bin/sh\nexec ./libexec/prog\n", 0o755)
	for _, name := range []string{"a", "b", "c"} {
		s.file("tool/"+name, "", 0o644)
	}
	t.Chdir(filepath.Dir(script))
	got := command(t, "init", script).exits(t, exitOK)
	if want := "files\tthe whole folder: the entry, a, b, c and 1 more\n"; !strings.Contains(got.out, want) {
		t.Errorf("want %q in %s", want, got)
	}
	t.Chdir(s.dir)
	if got := command(t, "call", s.dir, "run", "counter.add", `{"by": 3}`).exits(t, exitOK); got.out != "{\"value\":3}\n" {
		t.Errorf("got %s", got)
	}
	lone := command(t, "init", "--lone", s.program("counter", "tool/count")).exits(t, exitOK)
	if want := "files\tthe entry alone, and nothing that lies beside it\n"; !strings.Contains(lone.out, want) {
		t.Errorf("want %q in %s", want, lone)
	}
}

// The registry tells people to run a command; it must do what they hope for.
func TestInitAsTheRegistryAdvisesEndsTheAdvice(t *testing.T) {
	s := newShelf(t)
	s.program("counter", "counter")
	reason := decoded[listing](t, command(t, "list", "--json", s.dir).exits(t, exitOK)).Plugins[0].Reason
	_, line, ok := strings.Cut(reason, "`hotplug ")
	if !ok {
		t.Fatalf("no advice in %q", reason)
	}
	command(t, strings.Fields(strings.TrimSuffix(line, "`"))...).exits(t, exitOK)
	if got := decoded[listing](t, command(t, "list", "--json", s.dir).exits(t, exitOK)); got.Plugins[0].Status != "chosen" {
		t.Errorf("got %+v", got)
	}
}

func TestInitOverwritesOnlyIfForced(t *testing.T) {
	s := newShelf(t)
	binary := s.program("counter", "counter/counter")
	file := s.file("counter/plugin.json", "mine", 0o644)
	command(t, "init", binary).exits(t, exitUsage).complains(t, "init: "+file+" exists: --force writes over it")
	if text, err := os.ReadFile(file); err != nil || string(text) != "mine" {
		t.Fatalf("the file holds %q, %v", text, err)
	}
	command(t, "init", "--force", binary).exits(t, exitOK)
	if _, _, err := manifest.Load(file); err != nil {
		t.Error(err)
	}
	items, err := os.ReadDir(filepath.Dir(file))
	if err != nil || len(items) != 2 {
		t.Errorf("the folder holds %v, %v", items, err)
	}
}

func TestInitRefusesWhatIsNoPlugin(t *testing.T) {
	s := newShelf(t)
	text := s.file("notes/text", "hello", 0o644)
	command(t, "init", text).exits(t, exitPlugin).complains(t, "init: entry text is not executable")
	command(t, "init", s.dir).exits(t, exitUsage).complains(t, s.dir+" is a folder: name the program in it")
	command(t, "init", text+"-not").exits(t, exitHost).complains(t, "init: "+text+"-not does not exist, want a program: correct the path")
	m := s.file("other/plugin.json", "{}", 0o644)
	command(t, "init", m).exits(t, exitUsage).complains(t, "init: "+m+" is a manifest: name the program")
	if _, err := os.Stat(filepath.Join(s.dir, "notes", "plugin.json")); err == nil {
		t.Error("a manifest was written for what is no plugin")
	}
}

func TestADraftHoldsTheSerializerThatAProgramInsistsOnAndWhatItCalls(t *testing.T) {
	w, err := draftOf(filepath.Join(t.TempDir(), "x"), &description{Serializer: "JsonSerializer"}, true)
	if err != nil {
		t.Fatal(err)
	}
	m, _, err := manifest.Parse(w.content, "plugin.json")
	if err != nil || m.Serializer != "JsonSerializer" {
		t.Errorf("got %s, %v", w.content, err)
	}
	w, err = draftOf(filepath.Join(t.TempDir(), "x"), &description{Serializer: "JsonSerializer", Uses: []described{{Name: "app.user"}, {Name: "app.log"}}}, true)
	if err != nil {
		t.Fatal(err)
	}
	if m, _, err = manifest.Parse(w.content, "plugin.json"); err != nil || !slices.Equal(m.Permissions.Calls, manifest.Calls{"app.user", "app.log"}) {
		t.Errorf("got %s, %v", w.content, err)
	}
	if _, err := draftOf("x", &description{Name: "Bad Name", Version: "1"}, true); exitCode(err) != exitPlugin || !strings.Contains(err.Error(), `"Bad Name"`) {
		t.Errorf("got %v", err)
	}
}

func TestNameFromMakesAPluginsNameOfAnything(t *testing.T) {
	for text, want := range map[string]string{
		"counter": "counter", "My Plugin": "my-plugin", "x_y.bin": "x-y-bin", "7zip": "plugin-7zip", "__": "plugin", "": "plugin", "é": "plugin",
		strings.Repeat("ab-", 40):              strings.Repeat("ab-", 21) + "a",
		"a" + strings.Repeat("-b", 31) + "c-d": "a" + strings.Repeat("-b", 31) + "c",
	} {
		got := nameFrom(text)
		if got != want {
			t.Errorf("%q: got %q, want %q", text, got, want)
		}
		if err := checkName(got); err != nil {
			t.Errorf("%q: %v", text, err)
		}
	}
	if got := stem("Counter.EXE"); got != "Counter" {
		t.Errorf("got %q", got)
	}
}
