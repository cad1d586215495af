package main

import (
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
)

// In a workspace that knows nothing of the new module, the commands that new prints build and test it, without a network.
func TestWhatNewPrintsWorksBelowAGoWork(t *testing.T) {
	root := checkout(t)
	top := t.TempDir()
	t.Chdir(top)
	for name, value := range map[string]string{"GOWORK": "", "GOPROXY": "off", "GOFLAGS": ""} {
		t.Setenv(name, value)
	}
	work := filepath.Join(top, "go.work")
	if err := os.WriteFile(work, []byte("go 1.25.0\n"), 0o644); err != nil {
		t.Fatal(err)
	}
	got := command(t, "new", "greeter", "--dir", "a/greeter", "--replace", root, "--json").exits(t, exitOK)
	if want := "hotplug: " + work + " is a workspace, "; !strings.HasPrefix(got.err, want) {
		t.Errorf("want %q, got %s", want, got)
	}
	next := decoded[created](t, got).Next
	if len(next) != 6 || next[0] != "cd a/greeter" || next[1] != "go work use ." {
		t.Fatalf("next: %q", next)
	}
	t.Chdir("a/greeter")
	for _, line := range []string{next[1], next[2], next[3], next[5]} {
		words := strings.Fields(line)
		if said, err := exec.Command(words[0], words[1:]...).CombinedOutput(); err != nil {
			t.Fatalf("%s: %v\n%s", line, err, said)
		}
	}
}

func TestTheWorkspaceIsTheOneTheGoCommandUses(t *testing.T) {
	top := t.TempDir()
	t.Setenv("GOWORK", "")
	below := filepath.Join(top, "not", "there", "yet")
	if got := workspace(below); got != "" {
		t.Skipf("the temporary folder is in a workspace itself: %s", got)
	}
	if err := os.Mkdir(filepath.Join(top, "go.work"), 0o755); err != nil {
		t.Fatal(err)
	}
	if got := workspace(below); got != "" {
		t.Errorf("a folder counts: %s", got)
	}
	file := filepath.Join(top, "not", "go.work")
	if err := os.Mkdir(filepath.Join(top, "not"), 0o755); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(file, nil, 0o644); err != nil {
		t.Fatal(err)
	}
	for env, want := range map[string]string{"": file, "off": "", "/some/go.work": "/some/go.work"} {
		t.Setenv("GOWORK", env)
		if got := workspace(below); got != want {
			t.Errorf("GOWORK=%s: got %q, want %q", env, got, want)
		}
	}
}
