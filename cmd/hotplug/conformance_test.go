package main

import (
	"path/filepath"
	"runtime"
	"strings"
	"testing"

	"github.com/go-hotplug/hotplug/internal/conformance"
)

func TestConformanceSaysWhatPassedAndWhatIsNotClaimed(t *testing.T) {
	s := newShelf(t).sample("counter")
	for _, path := range []string{filepath.Join(s.dir, "counter"), filepath.Join(built, exe("counter"))} {
		got := command(t, "conformance", "--case", "calls/", path).exits(t, exitOK)
		for _, line := range []string{"passed\tcalls/10-unknown-message\tJson, MessagePack\t", "not claimed\tcalls/20-echo\tJson, MessagePack\t", "counter"} {
			if !strings.Contains(got.out, line) {
				t.Errorf("no %q in %s", line, got)
			}
		}
	}
}

func TestConformanceAsJSONIsOneDocument(t *testing.T) {
	got := command(t, "conformance", "--json", "--case", "start/", filepath.Join(built, exe("counter"))).exits(t, exitOK)
	if r := decoded[conformance.Report](t, got); !r.OK || r.Passed == 0 || len(r.Results) != r.Passed+r.NotClaimed {
		t.Errorf("report %+v", r)
	}
}

func TestConformanceOfWhatIsNoPluginSaysWhy(t *testing.T) {
	if runtime.GOOS == "windows" {
		t.Skip("scripts do not run there")
	}
	s := newShelf(t)
	silent := s.file("silent", "#!/bin/sh\necho out of cheese >&2\nexit 3\n", 0o755)
	command(t, "conformance", silent).exits(t, exitPlugin).complains(t, "no handshake with it succeeds", "exit status 3", "out of cheese")
	nothing := s.file("nothing", "#!/no/such/interpreter\n", 0o755)
	command(t, "conformance", nothing).exits(t, exitPlugin).complains(t, "/no/such/interpreter")
	command(t, "conformance", "--case", "nonsense", silent).exits(t, exitPlugin).complains(t, `no case begins with "nonsense"`)
}

func TestPluginsOfAnotherProtocolAreNeitherTriedNorDescribed(t *testing.T) {
	s := newShelf(t).sample("counter", `"protocol": "isolated-workers/1"`, `"serializer": "JsonSerializer"`)
	dir := filepath.Join(s.dir, "counter")
	binary := filepath.Join(dir, exe("counter"))
	for _, args := range [][]string{{"conformance", dir}, {"describe", dir}, {"describe", "--launch", dir}, {"describe", filepath.Join(dir, "plugin.json")}} {
		command(t, args...).exits(t, exitPlugin).
			complains(t, args[0]+" "+dir, `found "protocol": "isolated-workers/1" in its manifest, want "hotplug/1"`, "name it instead, as "+binary)
	}
	s.sample("highlight")
	got := command(t, "describe", s.dir).exits(t, exitPlugin)
	if !strings.Contains(got.out, "highlight.highlight") || strings.Contains(got.out, "counter.add") || !strings.Contains(got.err, "1 plugin cannot be described: counter") {
		t.Errorf("of a plugins folder: %s", got)
	}
	command(t, "describe", binary).exits(t, exitOK)
}

func TestConformanceExits1IfACaseFails(t *testing.T) {
	if runtime.GOOS == "windows" {
		t.Skip("scripts do not run there")
	}
	s := newShelf(t)
	wrapped := s.file("wrapped", "#!/bin/sh\n[ -n \"$HOTPLUG_STARTUP\" ] || exit 1\nexec "+filepath.Join(built, exe("counter"))+"\n", 0o755)
	got := command(t, "conformance", "--case", "start/10", wrapped).exits(t, exitPlugin)
	for _, part := range []string{"failed\tstart/10-by-hand", "want exit code 64, found: exit status 1", "What the process finds", "1 failed"} {
		if !strings.Contains(got.out, part) {
			t.Errorf("no %q in %s", part, got)
		}
	}
}
