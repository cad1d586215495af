//go:build linux

package e2e_test

import (
	"errors"
	"fmt"
	"io/fs"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"testing"
)

// binaries is the folder of the plugins that were built for this run.
var binaries string

// TestMain builds the plugins, once. A test that needs a host to die starts this program again: then it is that host.
func TestMain(m *testing.M) {
	if config := os.Getenv(envPlayHost); config != "" {
		playHost(config)
		return
	}
	os.Exit(run(m))
}

func run(m *testing.M) int {
	dir, err := os.MkdirTemp("", "e2e-binaries-")
	if err == nil {
		defer os.RemoveAll(dir)
		err = build(dir)
	}
	if err == nil {
		err = warmUp(dir)
	}
	if err == nil {
		err = lookAtSources()
	}
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		return 1
	}
	binaries = dir
	return m.Run()
}

func build(dir string) error {
	cmd := exec.Command("go", "build", "-trimpath", "-buildvcs=false", "-o", dir+string(filepath.Separator),
		"./sample-plugins/counter", "./sample-plugins/crasher", "./sample-plugins/markdown", "./sample-plugins/highlight", "./e2e/internal/oddity", "./e2e/internal/handyman",
		"./e2e/internal/hostile", "./e2e/internal/victim")
	cmd.Dir = ".."
	if out, err := cmd.CombinedOutput(); err != nil {
		return fmt.Errorf("build the plugins: %w\n%s", err, out)
	}
	return nil
}

// lookAtSources looks at every source file: go test keeps a result for as long as what the test has looked at stays the same, and of what
// the build above reads it knows nothing.
func lookAtSources() error {
	return filepath.WalkDir("..", func(path string, item fs.DirEntry, err error) error {
		if err == nil && item.IsDir() && item.Name() == ".git" {
			return filepath.SkipDir
		}
		if err == nil && filepath.Ext(path) == ".go" {
			_, err = os.Stat(path)
		}
		if errors.Is(err, fs.ErrNotExist) { // somebody is at work
			return nil
		}
		return err
	})
}

// warmUp makes the runtime open what it keeps for itself, so that no test finds it too much.
func warmUp(dir string) error {
	l, err := net.Listen("unix", filepath.Join(dir, "warm"))
	if err != nil {
		return err
	}
	defer l.Close()
	c, err := net.Dial("unix", l.Addr().String())
	if err != nil {
		return err
	}
	return c.Close()
}
