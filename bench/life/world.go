package life

import (
	"context"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"sync/atomic"
)

// programs are below this import path.
const programs = "github.com/go-hotplug/hotplug/bench/life/programs/"

// A world is a folder with everything that a run needs and makes.
type world struct {
	dir  string
	next atomic.Int64 // number of the latest folder
}

// newWorld builds the programs. On an error nothing is left.
func newWorld(ctx context.Context) (*world, error) {
	dir, err := os.MkdirTemp("", "life") // a short name: paths of sockets are short
	if err != nil {
		return nil, err
	}
	w := &world{dir: dir}
	if err := w.build(ctx); err != nil {
		w.close()
		return nil, err
	}
	return w, nil
}

func (w *world) close() { os.RemoveAll(w.dir) }

// build builds all programs as they are shipped: stripped.
func (w *world) build(ctx context.Context) error {
	bin := filepath.Join(w.dir, "bin") + string(filepath.Separator)
	cmd := exec.CommandContext(ctx, "go", "build", "-trimpath", "-buildvcs=false", "-ldflags=-s -w", "-o", bin, programs+"...")
	if out, err := cmd.CombinedOutput(); err != nil {
		return fmt.Errorf("build the programs that are measured: %w: run this in the repository, where Go finds its modules\n%s", err, out)
	}
	return nil
}

// program is the path of a built program.
func (w *world) program(name string) string { return filepath.Join(w.dir, "bin", name) }

// fresh makes an empty folder.
func (w *world) fresh() (string, error) {
	dir := filepath.Join(w.dir, strconv.FormatInt(w.next.Add(1), 36))
	return dir, os.Mkdir(dir, 0o700)
}

// install puts a plugin into a plugins folder. mark makes its program another one, byte for byte. What is there is replaced as a package manager does
// it, by a rename.
func (w *world) install(folder, name, program, mark string) error {
	dir := filepath.Join(folder, name)
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return err
	}
	text := fmt.Sprintf(`{"manifest": 1, "name": %q, "version": "1.0.0", "entry": "run"}`, name)
	if err := os.WriteFile(filepath.Join(dir, "plugin.json"), []byte(text), 0o600); err != nil {
		return err
	}
	code, err := os.ReadFile(w.program(program))
	if err != nil {
		return err
	}
	next := filepath.Join(folder, "."+name) // no name of a plugin
	if err := os.WriteFile(next, append(code, mark...), 0o700); err != nil {
		return err
	}
	return os.Rename(next, filepath.Join(dir, "run"))
}
