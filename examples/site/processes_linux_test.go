package main

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/hashicorp/go-hclog"
)

// processesOf lists the processes whose executable lies in a folder, by that.
func processesOf(t *testing.T, dir string) []string {
	t.Helper()
	links, err := filepath.Glob("/proc/[0-9]*/exe")
	if err != nil {
		t.Fatal(err)
	}
	var found []string
	for _, link := range links {
		if exe, err := os.Readlink(link); err == nil && strings.HasPrefix(exe, dir+"/") {
			found = append(found, exe)
		}
	}
	return found
}

func TestNoProcessIsLeft(t *testing.T) {
	o := options{plugins: pluginsFolder(t, "markdown", "highlight"), state: t.TempDir()}
	h, err := openHost(t.Context(), o, muster(t.Context(), o.plugins), newLibrary(nil).handlers(), newMeter(), hclog.NewNullLogger())
	if err != nil {
		t.Fatal(err)
	}
	if got := processesOf(t, o.state); len(got) != 2 {
		t.Errorf("while the host is open %d processes run, want 2: %q", len(got), got)
	}
	if err := h.Close(); err != nil {
		t.Error(err)
	}
	if got := processesOf(t, o.state); len(got) > 0 {
		t.Errorf("after Close these run: %q", got)
	}
	r := runSite(t, o.plugins, smallSite(t))
	if got := processesOf(t, r.state); r.code != 0 || len(got) > 0 {
		t.Errorf("after a build (exit code %d) these run: %q", r.code, got)
	}
	r = runSite(t, o.plugins, files(t, map[string]string{"deep.md": strings.Repeat("> ", 200) + "deep"}))
	if got := processesOf(t, r.state); r.code != 1 || len(got) > 0 {
		t.Errorf("after a build that failed (exit code %d) these run: %q", r.code, got)
	}
}
