package registry_test

import (
	"errors"
	"io/fs"
	"os"
	"runtime"
	"testing"

	"github.com/go-hotplug/hotplug/registry"
)

// brokenFor is the reason why the plugin a in folder one/a is broken.
func brokenFor(t *testing.T, s *shelf) string {
	t.Helper()
	reg := s.scan()
	c := only(t, reg, "a")
	if c.Status != registry.Broken || c.Err == nil {
		t.Fatalf("got %s, want broken", c)
	}
	return c.Reason
}

func TestScanSaysWhatIsWrongWithAnEntry(t *testing.T) {
	if runtime.GOOS == "windows" {
		t.Skip("modes and interpreters are those of Unix")
	}
	for _, c := range []struct {
		claim string
		make  func(s *shelf)
		want  string
	}{
		{"missing", func(s *shelf) {}, "entry bin/x does not exist: want an executable file at "},
		{"folder", func(s *shelf) { s.mkdir("one/a/bin/x") }, "entry bin/x is a folder, want an executable file"},
		{"not executable", func(s *shelf) { s.write("one/a/bin/x", entryBody, 0o644) }, "entry bin/x is not executable (mode 0644): run `chmod +x "},
		{"empty", func(s *shelf) { s.write("one/a/bin/x", "", 0o755) }, "entry bin/x is empty"},
		{"link out", func(s *shelf) { s.mkdir("one/a/bin"); s.link("/bin/sh", "one/a/bin/x") }, "entry bin/x is a link that leaves the folder: it leads to /"},
		{"link to a neighbour", func(s *shelf) {
			s.write("one/ab/x", entryBody, 0o755)
			s.mkdir("one/a/bin")
			s.link("../../ab/x", "one/a/bin/x")
		}, "entry bin/x is a link that leaves the folder"},
		{"folder on the way is a link out", func(s *shelf) { s.write("out/x", entryBody, 0o755); s.link(s.path("out"), "one/a/bin") }, "entry bin/x is a link that leaves the folder"},
		{"dangling link", func(s *shelf) { s.mkdir("one/a/bin"); s.link("gone", "one/a/bin/x") }, "entry bin/x is a link that leads nowhere: gone"},
		{"link to itself", func(s *shelf) { s.mkdir("one/a/bin"); s.link("x", "one/a/bin/x") }, "entry bin/x is a link that leads nowhere: x: "},
		{"file on the way", func(s *shelf) { s.write("one/a/bin", "", 0o644) }, "entry bin/x cannot be looked at: not a directory"},
		{"no interpreter", func(s *shelf) { s.write("one/a/bin/x", "#!/no/such/interpreter -x\n", 0o755) }, "entry bin/x is a script for the interpreter /no/such/interpreter, which does not exist here"},
		{"env finds nothing", func(s *shelf) { s.write("one/a/bin/x", "#!/usr/bin/env -S A=1 no-such-thing\n", 0o755) }, "entry bin/x is a script for the interpreter no-such-thing, which is not on the host's PATH"},
		{"relative interpreter", func(s *shelf) { s.write("one/a/bin/x", "#!sh\n", 0o755) }, "entry bin/x names the interpreter sh, want an absolute path"},
		{"nameless interpreter", func(s *shelf) { s.write("one/a/bin/x", "#! \n", 0o755) }, "entry bin/x begins with #! and names no interpreter"},
		{"CR LF", func(s *shelf) { s.write("one/a/bin/x", "#!/bin/sh\r\n", 0o755) }, "entry bin/x has a first line that ends in CR LF"},
	} {
		t.Run(c.claim, func(t *testing.T) {
			s := newShelf(t, 1)
			s.write("one/a/plugin.json", text("a", "1.0.0", "bin/x"), 0o644)
			c.make(s)
			contains(t, brokenFor(t, s), c.want)
		})
	}
}

func TestMissingEntryIsErrNotExist(t *testing.T) {
	s := newShelf(t, 1)
	s.write("one/a/plugin.json", text("a", "1.0.0", "x"), 0o644)
	if c := only(t, s.scan(), "a"); !errors.Is(c.Err, fs.ErrNotExist) {
		t.Errorf("got %v", c.Err)
	}
}

func TestEntryMayBeALinkInsideTheFolder(t *testing.T) {
	s := newShelf(t, 1)
	s.plugin("one/a", "a", "1.0.0")
	s.rename("one/a/"+entryName(), "one/a/v1-"+entryName())
	s.link("v1-"+entryName(), "one/a/"+entryName())
	e, ok := s.scan().Find("a")
	if !ok || e.EntryPath != s.path("one/a/v1-"+entryName()) {
		t.Errorf("got %+v, want the file behind the link", e)
	}
}

func TestAllowOutsideLetsALinkLeave(t *testing.T) {
	s := newShelf(t, 1)
	s.write("out/"+entryName(), entryBody, 0o755)
	s.write("one/a/plugin.json", text("a", "1.0.0", entryName()), 0o644)
	s.link(s.path("out/"+entryName()), "one/a/"+entryName())
	s.opts.AllowOutside = true
	if got := chosen(s.scan()); got != "a 1.0.0" {
		t.Errorf("chosen %q", got)
	}
}

func TestEntryOfAnUnknownKindIsAWarning(t *testing.T) {
	if runtime.GOOS == "windows" {
		t.Skip("goes by the extension")
	}
	s := newShelf(t, 1)
	s.write("one/a/plugin.json", text("a", "1.0.0", "x"), 0o644)
	s.write("one/a/x", "echo hello\n", 0o755)
	e, ok := s.scan().Find("a")
	if !ok || len(e.Warnings) != 1 {
		t.Fatalf("got %+v", e)
	}
	contains(t, e.Warnings[0], "entry x is neither a known kind of binary nor a script")
}

func TestEnvScriptIsNotJudgedIfThePluginHasItsOwnPath(t *testing.T) {
	if runtime.GOOS == "windows" {
		t.Skip("goes by the extension")
	}
	s := newShelf(t, 1)
	s.write("one/a/plugin.json", text("a", "1.0.0", "x", `"env": {"set": {"PATH": "/opt/x"}}`), 0o644)
	s.write("one/a/x", "#!/usr/bin/env no-such-thing\n", 0o755)
	if got := chosen(s.scan()); got != "a 1.0.0" {
		t.Errorf("chosen %q", got)
	}
}

func TestThePlatformsOwnBinaryIsChosen(t *testing.T) {
	self, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	data, err := os.ReadFile(self)
	if err != nil {
		t.Fatal(err)
	}
	s := newShelf(t, 1)
	s.write("one/a/plugin.json", text("a", "1.0.0", "x.exe"), 0o644)
	s.write("one/a/x.exe", string(data), 0o755)
	e, ok := s.scan().Find("a")
	if !ok || len(e.Warnings) != 0 {
		t.Errorf("got %+v", e)
	}
}

func TestEntryWithoutABuildForThisPlatformNamesThoseThatThereAre(t *testing.T) {
	s := newShelf(t, 1)
	s.write("one/a/plugin.json", `{"manifest": 1, "name": "a", "version": "1.0.0", "entry": {"plan9/arm": {"path": "x"}}}`, 0o644)
	contains(t, brokenFor(t, s), `plugin "a" 1.0.0 has no entry for `+runtime.GOOS+"/"+runtime.GOARCH+", only for plan9/arm")
}

func TestSHA256OfTheEntryIsHandedOn(t *testing.T) {
	const digest = "00112233445566778899aabbccddeeff00112233445566778899aabbccddeeff"
	s := newShelf(t, 1)
	s.plugin("one/a", "a", "1.0.0")
	s.write("one/a/plugin.json", `{"manifest": 1, "name": "a", "version": "1.0.0", "entry": {"`+runtime.GOOS+"/"+runtime.GOARCH+
		`": {"path": "`+entryName()+`", "sha256": "`+digest+`"}}}`, 0o644)
	if e, _ := s.scan().Find("a"); e.SHA256 != digest {
		t.Errorf("got %q", e.SHA256)
	}
}
