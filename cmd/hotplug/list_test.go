package main

import (
	"os"
	"regexp"
	"strings"
	"testing"
)

// mixed is a folder with one candidate of every status.
func mixed(t *testing.T) *shelf {
	t.Helper()
	s := newShelf(t).sample("counter").sampleAs("counter-old", "counter", "0.9.0").sample("highlight", `"host": ">=9"`)
	s.file("torn/plugin.json", "{\n  \"manifest\": 1,\n  \"name\": \"torn\",\n  \"version\": \"one\",\n  \"entry\": \"torn\",\n  \"timeout\": \"3s\"\n}\n", 0o644)
	s.file("gone/plugin.json", manifestText("gone", "1.0.0", "gone"), 0o644)
	s.file("needy/needy", "#!/bin/sh\n", 0o755)
	s.file("needy/plugin.json", manifestText("needy", "1.0.0", "needy", `"requires": {"counter": "^7"}`), 0o644)
	s.file("notes/readme.txt", "no plugin", 0o644)
	s.file("lone", "#!/bin/sh\n", 0o755)
	return s
}

func TestListSaysWhatBecameOfEverything(t *testing.T) {
	s := mixed(t)
	got := command(t, "list", "--host-version", "1.0.0", s.dir).exits(t, exitPlugin)
	golden(t, "list", got.out, s.dir)
	ignored := "hotplug: 1 folder without plugin.json is ignored: `hotplug list --all " + s.dir + "` shows it\n"
	if want := ignored + "hotplug: 3 plugins broken: gone, needy, torn\n"; got.err != want {
		t.Errorf("stderr %q, want %q", got.err, want)
	}
	golden(t, "list-json", indented(t, command(t, "list", "--json", "--host-version", "1.0.0", s.dir).exits(t, exitPlugin)), s.dir)
}

func TestListIsAlignedAndColouredOnATerminalOnly(t *testing.T) {
	s := newShelf(t).sample("counter").sample("highlight", `"host": ">=9"`)
	args := []string{"list", "--host-version", "1.0.0", s.dir}
	wide := regexp.MustCompile(` {20,}`) // as wide as the name of the temporary folder
	golden(t, "list-terminal", wide.ReplaceAllString(atTerminal(t, args...).exits(t, exitOK).out, "  "), s.dir)
	if got := command(t, args...); strings.Contains(got.out, "\x1b") || strings.Contains(got.out, "NAME") || strings.Count(got.out, "\t") != 8 {
		t.Errorf("want two rows of five cells and nothing else, got %s", got)
	}
}

func TestNoColorIsObeyed(t *testing.T) {
	s := newShelf(t).sample("counter")
	s.file("gone/plugin.json", manifestText("gone", "1.0.0", "gone"), 0o644)
	coloured := atTerminal(t, "list", s.dir).exits(t, exitPlugin)
	if !strings.Contains(coloured.out, "\x1b[32mchosen") || !strings.Contains(coloured.err, "\x1b[31mhotplug:") {
		t.Fatalf("want colours on a terminal, got %s", coloured)
	}
	plainly := func(why string, got session) {
		t.Helper()
		if strings.Contains(got.out+got.err, "\x1b") || !strings.Contains(got.out, "NAME") {
			t.Errorf("%s: want an aligned table without colours, got %s", why, got)
		}
	}
	plainly("--no-color", atTerminal(t, "list", "--no-color", s.dir))
	t.Setenv("NO_COLOR", "1")
	plainly("NO_COLOR=1", atTerminal(t, "list", s.dir))
	os.Setenv("NO_COLOR", "")
	t.Setenv("TERM", "dumb")
	plainly("TERM=dumb", atTerminal(t, "list", s.dir))
}

func TestListOfNothingIsNoError(t *testing.T) {
	dir := t.TempDir()
	got := command(t, "list", dir).exits(t, exitOK)
	got.complains(t, "no plugin in "+dir)
	if out := command(t, "list", "--json", dir).exits(t, exitOK).out; !strings.HasPrefix(out, `{"plugins":[],`) {
		t.Errorf("got %s", out)
	}
}

func TestListSkipsAFolderThatCannotBeReadAndSaysSo(t *testing.T) {
	s := newShelf(t).sample("counter")
	got := command(t, "list", s.dir, s.dir+"-not").exits(t, exitPlugin)
	if !strings.HasPrefix(got.out, "counter\t1.0.0\tchosen\t") || !strings.Contains(got.err, s.dir+"-not: there is no such folder") {
		t.Errorf("got %s", got)
	}
	command(t, "list", s.dir+"-not").exits(t, exitHost).complains(t, "read plugins folder "+s.dir+"-not")
}

func TestListShowsOtherFoldersIfAskedTo(t *testing.T) {
	s := newShelf(t).sample("counter")
	s.file("notes/readme.txt", "", 0o644)
	if got := command(t, "list", "--all", s.dir).exits(t, exitOK); !strings.Contains(got.out, "notes\t\tignored\t") {
		t.Errorf("got %s", got)
	}
}
