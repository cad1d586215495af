package main

import (
	"strings"
	"testing"
)

func TestWhySaysWhatBecameOfEveryCopy(t *testing.T) {
	s := newShelf(t).sample("counter").sampleAs("counter-old", "counter", "0.9.0").sampleAs("counter-new", "counter", "2.0.0", `"host": ">=9"`)
	s.sample("highlight", `"requires": {"counter": "<2"}`)
	args := []string{"why", "--host-version", "1.0.0", s.dir, "counter"}
	golden(t, "why", command(t, args...).exits(t, exitOK).out, s.dir)
	golden(t, "why-json", indented(t, command(t, append(args, "--json")...).exits(t, exitOK)), s.dir)
	if got := atTerminal(t, args...); got.out != command(t, args...).out {
		t.Errorf("on a terminal: %s", got)
	}
}

func TestWhyLooksAtAllFoldersThatAreNamed(t *testing.T) {
	first, second := newShelf(t).sample("counter"), newShelf(t).sample("counter")
	got := command(t, "why", first.dir, second.dir, "counter").exits(t, exitOK)
	if lines := strings.Split(got.out, "\n"); len(lines) != 3 || !strings.HasSuffix(lines[0], first.dir+"/counter): chosen") || !strings.Contains(lines[1], second.dir+"/counter): shadowed: ") {
		t.Errorf("got %s", got)
	}
}

func TestWhyFailsIfACopyIsBroken(t *testing.T) {
	s := mixed(t)
	got := command(t, "why", s.dir, "needy").exits(t, exitPlugin)
	if !strings.Contains(got.out, "needy 1.0.0 ("+s.dir+"/needy): broken: ") || got.err != "hotplug: 1 plugin broken: needy\n" {
		t.Errorf("got %s", got)
	}
	command(t, "why", s.dir, "counter").exits(t, exitOK) // what is broken beside it does not matter
}

func TestWhyNamesWhatWasMeant(t *testing.T) {
	s := newShelf(t).sample("counter")
	command(t, "why", s.dir, "conter").exits(t, exitUnavailable).complains(t, `plugin "conter" is not installed: did you mean "counter"?`)
	command(t, "why", s.dir, "thumbnail").exits(t, exitUnavailable).complains(t, `plugin "thumbnail" is not installed: installed are counter`)
	command(t, "why", s.dir+"-not", "counter").exits(t, exitHost).complains(t, "read plugins folder "+s.dir+"-not")
	command(t, "why", "counter").exits(t, exitUsage).complains(t, "why: found 1 argument, want at least 2: hotplug why DIR... NAME")
	got := command(t, "why", s.dir, s.dir+"-not", "conter").exits(t, exitUnavailable)
	if !strings.Contains(got.err, "plugins folder "+s.dir+"-not: ") {
		t.Errorf("a folder that could not be read is not named: %s", got)
	}
}
