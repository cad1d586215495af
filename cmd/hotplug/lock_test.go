package main

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
)

func TestLockPrintsWhatHasChangedAndCheckWritesNothing(t *testing.T) {
	s := newShelf(t).sample("counter")
	path := filepath.Join(s.dir, "plugins.lock")
	if got := command(t, "lock", s.dir).exits(t, exitOK); got.out != "added\tcounter\t1.0.0\t\t\t\n" || got.err != "hotplug: "+path+" has 1 plugin: 1 plugin added\n" {
		t.Errorf("got %s", got)
	}
	first := content(t, path)
	for _, args := range [][]string{{"lock", s.dir}, {"lock", "--check", s.dir}} {
		if got := command(t, args...).exits(t, exitOK); got.out != "" || got.err != "hotplug: "+path+" has 1 plugin: nothing has changed\n" || content(t, path) != first {
			t.Errorf("%q: got %s", args, got)
		}
	}

	old := strings.Split(first, `"`)
	s.sampleAs("counter", "counter", "1.1.0")
	s.sample("highlight")
	for _, check := range []bool{true, false} {
		args, code := []string{"lock", s.dir}, exitOK
		if check {
			args, code = []string{"lock", s.dir, "--check"}, exitPlugin
		}
		got := command(t, args...).exits(t, code)
		lines := strings.Split(got.out, "\n")
		if len(lines) != 4 || lines[0] != "changed\tcounter\t1.1.0\tversion\t1.0.0\t1.1.0" || lines[2] != "added\thighlight\t1.0.0\t\t\t" {
			t.Fatalf("got %s", got)
		}
		if cells := strings.Split(lines[1], "\t"); cells[3] != "manifest" || !contains(old, cells[4]) || len(cells[5]) != 64 {
			t.Errorf("got %s", got)
		}
		if check && content(t, path) != first {
			t.Error("--check has written")
		}
		if check && got.err != "hotplug: lock: "+path+" is not what is installed: 1 plugin added, 1 plugin changed: look at it, then accept it with `hotplug lock "+s.dir+"`\n" {
			t.Errorf("got %s", got)
		}
	}

	if err := os.RemoveAll(filepath.Join(s.dir, "highlight")); err != nil {
		t.Fatal(err)
	}
	if got := command(t, "lock", s.dir).exits(t, exitOK); got.out != "removed\thighlight\t1.0.0\t\t\t\n" {
		t.Errorf("got %s", got)
	}
}

func contains(all []string, one string) bool {
	for _, s := range all {
		if s == one {
			return true
		}
	}
	return false
}

func content(t *testing.T, path string) string {
	t.Helper()
	text, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}

func TestLockLeavesAFileThatItCannotReadAsItIs(t *testing.T) {
	s := newShelf(t).sample("counter")
	for text, want := range map[string]string{"{": "it is torn, or no lock file", `{"lock": 2}`: "it has the version 2, this program knows 1"} {
		path := s.file("plugins.lock", text, 0o644)
		command(t, "lock", s.dir).exits(t, exitHost).complains(t, "hotplug: lock: lock file "+path+": "+want, "write it anew with `hotplug lock "+s.dir+"`")
		if content(t, path) != text {
			t.Errorf("it was written over")
		}
	}
}

func TestLockLocksWhatItCanAndNamesTheRest(t *testing.T) {
	s := newShelf(t).sample("counter")
	s.file("torn/plugin.json", "{", 0o644)
	got := command(t, "lock", s.dir).exits(t, exitPlugin)
	if got.out != "added\tcounter\t1.0.0\t\t\t\n" || !strings.HasPrefix(got.err, `hotplug: plugin "torn" cannot be locked: `) ||
		!strings.HasSuffix(got.err, "\nhotplug: lock: 1 plugin could not be locked, "+filepath.Join(s.dir, "plugins.lock")+" now has 1 plugin: 1 plugin added\n") {
		t.Errorf("got %s", got)
	}
	command(t, "lock", s.dir, s.dir+"-not").exits(t, exitHost).complains(t, "read plugins folder "+s.dir+"-not")
	command(t, "lock", filepath.Join(s.dir, "counter")).exits(t, exitUsage).complains(t, "is a plugin's own folder, want a plugins folder")
	command(t, "lock", "--check", "--file", s.dir+".lock", s.dir).exits(t, exitHost).complains(t, "lock file "+s.dir+".lock: file does not exist", "`hotplug lock --file "+s.dir+".lock "+s.dir+"`")
}

func TestCheckDoesNotCallRemovedWhatItCannotHash(t *testing.T) {
	s := newShelf(t).sample("counter")
	s.file("late/plugin.json", `{"manifest": 1, "name": "late", "version": "1.0.0", "entry": "run"}`, 0o644)
	run := s.file("late/run", "#!/bin/sh\n", 0o755)
	path := filepath.Join(s.dir, "plugins.lock")
	command(t, "lock", s.dir).exits(t, exitOK)
	if err := os.Remove(run); err != nil {
		t.Fatal(err)
	}
	got := command(t, "lock", "--check", s.dir).exits(t, exitPlugin)
	if got.out != "unlockable\tlate\t1.0.0\t\t\t\n" || !strings.HasPrefix(got.err, `hotplug: plugin "late" cannot be locked: `) ||
		!strings.HasSuffix(got.err, "\nhotplug: lock: 1 plugin cannot be locked, so "+path+" is compared with the others alone: nothing has changed\n") {
		t.Errorf("got %s", got)
	}
	got = command(t, "lock", s.dir).exits(t, exitPlugin)
	if !strings.HasSuffix(got.err, "\nhotplug: lock: 1 plugin could not be locked, "+path+" now has 1 plugin: 1 plugin unlockable\n") {
		t.Errorf("got %s", got)
	}
}

func TestLockAsJSONAndOnATerminalSaysTheSame(t *testing.T) {
	s := newShelf(t).sample("counter")
	command(t, "lock", s.dir).exits(t, exitOK)
	s.file("counter/more", "", 0o644)
	got := decoded[locking](t, command(t, "lock", "--check", "--json", s.dir).exits(t, exitPlugin))
	if got.Plugins != 1 || len(got.Changes) != 1 || len(got.Changes[0].Differs) != 1 || len(got.Left) != 0 {
		t.Fatalf("got %+v", got)
	}
	d := got.Changes[0].Differs[0]
	terminal := atTerminal(t, "lock", s.dir, "--no-color").exits(t, exitOK)
	want := "CHANGE   NAME     VERSION  WHAT       OLD           NEW\nchanged  counter  1.0.0    any files  " + d.Old[:12] + "  " + d.New[:12] + "\n"
	if terminal.out != want {
		t.Errorf("got\n%s\nwant\n%s", terminal.out, want)
	}
}

func TestALockedCallRunsWhatWasLockedAndNothingElse(t *testing.T) {
	s := newShelf(t).sample("counter")
	call := []string{"call", "--locked", s.dir, "counter", "counter.get"}
	command(t, call...).exits(t, exitHost).complains(t, "file does not exist", "`hotplug lock "+s.dir+"`")
	command(t, "lock", s.dir).exits(t, exitOK)
	command(t, call...).exits(t, exitOK)
	s.file("counter/more", "", 0o644)
	command(t, call...).exits(t, exitUnavailable).complains(t, `plugin "counter" 1.0.0 differs from the lock file`, "its files have the hash ", ", locked is ")
	other := filepath.Join(t.TempDir(), "own.lock")
	command(t, "lock", "--file", other, s.dir).exits(t, exitOK)
	command(t, "call", "--lock-file", other, s.dir, "counter", "counter.get").exits(t, exitOK)
}
