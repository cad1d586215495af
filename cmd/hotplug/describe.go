package main

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"github.com/go-hotplug/hotplug/manifest"
	"github.com/go-hotplug/hotplug/registry"
)

// Limits of a program that is asked to describe itself.
const (
	describeTime   = 10 * time.Second
	describeOutput = 4 << 20  // bytes of stdout
	describeWords  = 64 << 10 // bytes of stderr that are kept
	describeLinger = time.Second
)

// describeFlags are the flags of describe.
type describeFlags struct{ schema, launch bool }

func (a *app) describeCommand() *cobra.Command {
	var f describeFlags
	c := &cobra.Command{
		Use: "describe BINARY|DIR", Short: "Print what a plugin says about itself", Args: arguments(1, 1),
		Long: `Describe runs a plugin's program with HOTPLUG_DESCRIBE=1 and prints what it says: name, version, build, and the messages it handles with
the shapes of their payloads and replies. BINARY is any program, DIR a plugin's folder, or a plugins folder, of which every plugin that a
host would choose is described. The program does run, with an environment of PATH and HOME alone, for at most 10 seconds and 4 MiB of output.

With --launch a program is launched as a host does it, and what it says in the handshake is printed: for plugins that know nothing of
HOTPLUG_DESCRIBE. Its Start hook runs, and finds nothing to call. Plugins of the profile isolated-workers/1 have no descriptions.

With --schema the JSON Schemas of all messages follow; with --json they are always there. The exit code is 1 if a program is no plugin.`,
		RunE: func(c *cobra.Command, args []string) error { return a.describe(c.Context(), args[0], f) },
	}
	c.Flags().BoolVar(&f.schema, "schema", false, "print the JSON Schemas of payloads and replies, too")
	c.Flags().BoolVar(&f.launch, "launch", false, "launch the program and ask it in the handshake")
	return c
}

func (a *app) describe(ctx context.Context, path string, f describeFlags) error {
	folder, err := isPluginsFolder(ctx, path)
	if err != nil {
		return err
	}
	if folder != nil {
		return a.describeFolder(ctx, folder, f)
	}
	binary, m, err := program("describe", path)
	if err != nil {
		return err
	}
	d, err := f.description(ctx, path, binary, m)
	if err != nil {
		return err
	}
	a.noteDifference(d, m)
	return a.printDescription(d, f, func(t *table) {
		if m != nil && d.Name == "" {
			t.add(cell{manifest.FileName, bold}, text(m.Name+" "+m.Version.String()))
		}
	})
}

// noteDifference says when a program and its manifest disagree on who they are.
func (a *app) noteDifference(d *description, m *manifest.Manifest) {
	if m != nil && d.Name != "" && (d.Name != m.Name || d.Version != m.Version.String()) {
		a.note("%s says %s %s, the program says %s %s: a host would refuse it", manifest.FileName, m.Name, m.Version, d.Name, d.Version)
	}
}

// description asks a program in the way that the flags say; path is what the user named.
func (f describeFlags) description(ctx context.Context, path, binary string, m *manifest.Manifest) (*description, error) {
	if err := hotplugOnly("describe", path, "descriptions are", binary, m); err != nil {
		return nil, err
	}
	if f.launch {
		return greet(ctx, binary, m)
	}
	return ask(ctx, "describe", binary, describeTime)
}

// program is what a path leads to: the entry of a plugin, with its manifest, or the file itself. It refuses what cannot be started
// here, before it is run; the command is for texts.
func program(command, path string) (string, *manifest.Manifest, error) {
	info, err := looked(command, path, "a program or a plugin's folder")
	if err != nil {
		return "", nil, err
	}
	if !info.IsDir() && !isManifest(path) {
		if _, err := registry.InspectProgram(path); err != nil {
			return "", nil, exitf(exitPlugin, "%s %s: %w", command, path, err)
		}
		return path, nil, nil
	}
	if filepath.Base(path) == manifest.FileName {
		path = filepath.Dir(path)
	}
	c := registry.Inspect(path)
	if c.Status == registry.Ignored && info.IsDir() {
		return "", nil, notOne(command, path)
	}
	if c.Status != registry.Chosen {
		return "", nil, exitf(exitPlugin, "%s %s: %s", command, path, c.Reason)
	}
	return c.EntryPath, c.Manifest, nil
}

// isManifest reports whether a file is a manifest by its name.
func isManifest(path string) bool {
	return filepath.Base(path) == manifest.FileName || strings.HasSuffix(path, manifest.LoneSuffix)
}

// ask runs a program for its description; command is for texts.
func ask(ctx context.Context, command, binary string, limit time.Duration) (*description, error) {
	out, err := output(ctx, binary, limit)
	if err == nil {
		d, wrong := parseDescription(out.stdout.kept.Bytes())
		if wrong == nil {
			return d, nil
		}
		err = wrong
	}
	if ctx.Err() != nil {
		return nil, orInterrupted(ctx, exitPlugin, fmt.Errorf("%s %s: %w", command, binary, err))
	}
	if errors.Is(err, errNotStarted) {
		return nil, unstartable(command, binary, err)
	}
	e := exitf(exitPlugin, "%s is not a hotplug plugin, or is broken: run with HOTPLUG_DESCRIBE=1, %w", binary, err)
	if words := bytes.TrimSpace(out.stderr.kept.Bytes()); len(words) > 0 {
		e.hint = "its stderr: " + clipped(words)
	}
	return nil, e
}

var errNotStarted = errors.New("it did not start")

// unstartable is the error of a program that the system did not start, with what the file looks like.
func unstartable(command, binary string, err error) *exitError {
	e := exitf(exitPlugin, "%s %s: %w", command, binary, err)
	warnings, _ := registry.InspectProgram(binary)
	e.hint = strings.Join(warnings, "\n")
	return e
}

// An outcome is what a program wrote.
type outcome struct{ stdout, stderr limited }

// output runs a program to its end. It does not outlive the limit, nor do those that it started, where the system lets us see to it.
func output(ctx context.Context, binary string, limit time.Duration) (*outcome, error) {
	out := &outcome{}
	path, err := filepath.Abs(binary)
	if err != nil {
		return out, err
	}
	ctx, cancel := context.WithCancelCause(ctx)
	defer cancel(nil)
	ctx, stop := context.WithTimeoutCause(ctx, limit, fmt.Errorf("it did not end within %s", limit))
	defer stop()
	out.stdout = limited{most: describeOutput, full: func() { cancel(fmt.Errorf("it printed more than %d MiB", describeOutput>>20)) }}
	out.stderr = limited{most: describeWords}
	cmd := exec.CommandContext(ctx, path)
	cmd.Dir, cmd.Env = filepath.Dir(path), describeEnv()
	cmd.Stdout, cmd.Stderr, cmd.WaitDelay = &out.stdout, &out.stderr, describeLinger
	ownGroup(cmd)
	if err := cmd.Start(); err != nil && ctx.Err() == nil {
		if p, ok := errors.AsType[*fs.PathError](err); ok {
			err = p.Err // whoever reads it knows the path
		}
		return out, fmt.Errorf("%w: %w", errNotStarted, err)
	}
	err = cmd.Wait()
	if cause := context.Cause(ctx); cause != nil {
		return out, cause
	}
	if errors.Is(err, exec.ErrWaitDelay) { // a child of it held stdout open: no reason to doubt what it said
		_ = cmd.Cancel()
		return out, nil
	}
	if err != nil {
		return out, fmt.Errorf("it ended with %w", err)
	}
	return out, nil
}

func describeEnv() []string {
	env := []string{"HOTPLUG_DESCRIBE=1"}
	for _, name := range []string{"PATH", "HOME"} {
		if v, ok := os.LookupEnv(name); ok {
			env = append(env, name+"="+v)
		}
	}
	return env
}

// limited keeps the first bytes that are written to it and tells once that there are more.
type limited struct {
	kept bytes.Buffer
	most int
	full func() // may be nil
}

func (l *limited) Write(p []byte) (int, error) {
	room := l.most - l.kept.Len()
	if len(p) <= room {
		return l.kept.Write(p)
	}
	l.kept.Write(p[:room])
	if l.full != nil {
		l.full()
	}
	return len(p), nil
}
