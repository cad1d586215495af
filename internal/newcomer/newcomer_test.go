package newcomer_test

import (
	"archive/zip"
	"os"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"testing"

	"github.com/go-hotplug/hotplug/internal/document"
	"github.com/go-hotplug/hotplug/internal/newcomer"
)

// checkout is a small one: with another module, and with what is hidden or built.
func checkout(t *testing.T) string {
	t.Helper()
	root := t.TempDir()
	for _, name := range []string{"go.mod", "a/a.go", "other/go.mod", "other/b.go", ".git/x", ".hidden", "bin/x", "build/x", "a/build/x"} {
		path := filepath.Join(root, filepath.FromSlash(name))
		if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, []byte("module x\n"), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	return root
}

func someone(t *testing.T) (*newcomer.Newcomer, string) {
	t.Helper()
	if runtime.GOOS == "windows" {
		t.Skip("needs a POSIX shell")
	}
	dir := t.TempDir()
	n, err := newcomer.New(dir, checkout(t), filepath.Join(dir, "cache"))
	if err != nil {
		t.Fatal(err)
	}
	return n, dir
}

func TestANewcomerGoesWhereCommandsLead(t *testing.T) {
	n, dir := someone(t)
	for _, s := range []document.Step{{Command: "mkdir x && cd x"}, {Path: "y/z", Content: "text\n"}, {Command: "cat y/z; echo noise >&2", Want: "text"}} {
		if _, err := n.Do(t.Context(), s); err != nil {
			t.Fatal(err)
		}
	}
	if want := filepath.Join(dir, "work", "x"); n.Dir != want {
		t.Errorf("in %s, want %s", n.Dir, want)
	}
}

func TestWhatFailsOrPrintsSomethingElseIsAnError(t *testing.T) {
	n, _ := someone(t)
	for want, s := range map[string]document.Step{
		"exit status 1":                        {Command: "false && cd /"},
		"expected it to print\nb\nfound\na\n":  {Command: "echo a", Want: "b\n"},
		"expected it to print\n\nfound\na\n":   {Command: "echo a"},
		"exit status 3\nprinted\nand said why": {Command: "echo printed; echo and said why >&2; exit 3", Want: "printed"},
	} {
		if _, err := n.Do(t.Context(), s); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%s: got %v, want %q", s.Command, err, want)
		}
	}
}

func TestTheReleaseIsTheModuleAlone(t *testing.T) {
	_, dir := someone(t)
	names, err := filepath.Glob(filepath.Join(dir, "proxy", "github.com", "*", "*", "@v", "*.zip"))
	if err != nil || len(names) != 1 {
		t.Fatalf("got %q, %v", names, err)
	}
	z, err := zip.OpenReader(names[0])
	if err != nil {
		t.Fatal(err)
	}
	defer z.Close()
	var got []string
	for _, f := range z.File {
		_, rel, _ := strings.Cut(f.Name, "@")
		_, rel, _ = strings.Cut(rel, "/")
		got = append(got, rel)
	}
	if want := []string{"a/a.go", "a/build/x", "go.mod"}; !slices.Equal(got, want) {
		t.Errorf("got %q, want %q", got, want)
	}
}

func TestACopyHasAllModulesAndNothingHiddenOrBuilt(t *testing.T) {
	to := t.TempDir()
	if err := newcomer.Copy(checkout(t), to); err != nil {
		t.Fatal(err)
	}
	for name, want := range map[string]bool{"other/b.go": true, "a/a.go": true, ".hidden": false, ".git": false, "bin": false, "build": false} {
		if _, err := os.Stat(filepath.Join(to, name)); (err == nil) != want {
			t.Errorf("%s: %v", name, err)
		}
	}
}
