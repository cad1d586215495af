//go:build linux

package main

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"net"
	"os"
	"path/filepath"
	"syscall"
	"time"

	"github.com/go-hotplug/hotplug/e2e/internal/faults"
	"github.com/go-hotplug/hotplug/host"
	"github.com/go-hotplug/hotplug/rpc"
)

// An injection is one fault. p is a plugin that may be harmed, and gets a good version again afterwards.
type injection struct {
	kind   string
	inject func(t *torture, ctx context.Context, p *host.Plugin) error
}

// injections are all faults; those of misdeeds come besides.
var injections = []injection{
	{"SIGKILL", func(_ *torture, _ context.Context, p *host.Plugin) error { return send(p, syscall.SIGKILL) }},
	{"SIGSTOP, and SIGCONT", (*torture).stop},
	{"SIGSTOP, until health checks end it", func(_ *torture, _ context.Context, p *host.Plugin) error { return send(p, syscall.SIGSTOP) }},
	{"Close of a stopped process", (*torture).disableStopped},
	{"a good version", (*torture).reload},
	{"a version that " + crashesAtStart, reloadBad(crashesAtStart)},
	{"a version that " + hangsAtStart, reloadBad(hangsAtStart)},
	{"a version that " + cannotStart, reloadBad(cannotStart)},
	{"a version that " + crashesAtCall, reloadBad(crashesAtCall)},
	{"a manifest that is torn", (*torture).tearManifest},
	{"a program that is cut off", (*torture).cutProgram},
	{"the plugin's folder is removed", func(t *torture, _ context.Context, p *host.Plugin) error {
		return os.RemoveAll(filepath.Join(t.plugins(), p.Name()))
	}},
	{"the runtime folder is removed", (*torture).removeRuntime},
	{"a copy in the store is altered", (*torture).alterStore},
	{"the store is removed", (*torture).removeStore},
	{"the files beside the store are altered", (*torture).alterState},
	{"a host is killed, and its plugin stays", (*torture).killHost},
	{"a lock file is changed under a locked host", (*torture).changeLock},
	{"strangers on every socket", (*torture).knock},
	{"disabled", func(_ *torture, ctx context.Context, p *host.Plugin) error { return p.Disable(ctx) }},
}

// send sends one to a plugin's process, if it has one.
func send(p *host.Plugin, s syscall.Signal) error {
	pid := p.Status().PID
	if pid == 0 {
		return nil
	}
	if err := syscall.Kill(pid, s); err != nil && !errors.Is(err, syscall.ESRCH) {
		return err
	}
	return nil
}

func (t *torture) stop(ctx context.Context, p *host.Plugin) error {
	pid := p.Status().PID
	if pid == 0 {
		return nil
	}
	_ = syscall.Kill(pid, syscall.SIGSTOP)
	pause(ctx, time.Duration(t.dice.IntN(1000))*time.Millisecond)
	_ = syscall.Kill(pid, syscall.SIGCONT)
	return nil
}

// disableStopped has a plugin stopped in order whose process cannot do anything.
func (t *torture) disableStopped(ctx context.Context, p *host.Plugin) error {
	if err := send(p, syscall.SIGSTOP); err != nil {
		return err
	}
	return p.Disable(ctx)
}

func (t *torture) reload(ctx context.Context, p *host.Plugin) error {
	m := t.manifest(p.Name(), nil)
	m["reload"].(members)["mode"] = []string{"overlap", "handoff", "restart"}[t.dice.IntN(3)]
	if err := t.install(p.Name(), t.pluginProgram, m); err != nil {
		return err
	}
	return p.Reload(ctx)
}

// reloadBad is a version that must not be taken or, if it crashes at its first call, must not stay.
func reloadBad(mode string) func(*torture, context.Context, *host.Plugin) error {
	return func(t *torture, ctx context.Context, p *host.Plugin) error {
		m := t.manifest(p.Name(), nil)
		m["env"] = members{"set": map[string]string{recordsEnv: t.records(), modeEnv: mode}}
		m["timeouts"].(members)["start"] = "500ms"
		if err := t.install(p.Name(), t.pluginProgram, m); err != nil {
			return err
		}
		if err := p.Reload(ctx); err == nil && mode != crashesAtCall {
			return fmt.Errorf("a version that %s was taken", mode)
		}
		return nil
	}
}

func (t *torture) tearManifest(ctx context.Context, p *host.Plugin) error {
	dir := filepath.Join(t.plugins(), p.Name())
	err := os.MkdirAll(dir, 0o755) // another fault may have removed it
	if err == nil {
		err = os.WriteFile(filepath.Join(dir, "plugin.json"), []byte(`{"manifest": 1, "name`), 0o644)
	}
	pause(ctx, 300*time.Millisecond)
	return err
}

func (t *torture) cutProgram(ctx context.Context, p *host.Plugin) error {
	file := filepath.Join(t.plugins(), p.Name(), "program")
	info, err := os.Stat(file)
	if errors.Is(err, fs.ErrNotExist) { // another fault has removed it
		return nil
	}
	if err != nil {
		return err
	}
	err = os.Truncate(file, t.dice.Int64N(max(1, info.Size())))
	pause(ctx, 300*time.Millisecond)
	return err
}

// removeRuntime removes the folder of the sockets; the next launch has to make do.
func (t *torture) removeRuntime(context.Context, *host.Plugin) error {
	all, err := os.ReadDir(t.runtime())
	for _, e := range all {
		if e := os.RemoveAll(filepath.Join(t.runtime(), e.Name())); !errors.Is(e, syscall.ENOTEMPTY) { // the host may be opening a socket there
			err = errors.Join(err, e)
		}
	}
	return err
}

// alterStore changes a byte in the middle of what a plugin runs, which keeps its size, and ends the process.
func (t *torture) alterStore(_ context.Context, p *host.Plugin) error {
	err := alter(filepath.Join(t.store(), p.Status().Hash, "program"))
	if errors.Is(err, fs.ErrNotExist) { // another fault has removed it, or the host just now
		return nil
	}
	if err != nil {
		return err
	}
	return send(p, syscall.SIGKILL)
}

// alter changes a byte in the middle of a program.
func alter(file string) error {
	if err := os.Chmod(file, 0o700); err != nil {
		return err
	}
	text, err := os.ReadFile(file)
	if err != nil {
		return err
	}
	text[len(text)/2] ^= 0xff
	if err := os.Remove(file); err != nil { // a program that runs cannot be written
		return err
	}
	return os.WriteFile(file, text, 0o500)
}

// removeStore removes what could be run again, and ends the process.
func (t *torture) removeStore(_ context.Context, p *host.Plugin) error {
	_ = filepath.WalkDir(t.store(), func(path string, d fs.DirEntry, err error) error {
		if err == nil && d.IsDir() {
			_ = os.Chmod(path, 0o700)
		}
		return nil
	})
	if err := os.RemoveAll(t.store()); err != nil && !errors.Is(err, syscall.ENOTEMPTY) { // the host may be copying into it
		return err
	}
	return send(p, syscall.SIGKILL)
}

// alterState writes over what a host keeps beside its store, but for its lock.
func (t *torture) alterState(_ context.Context, p *host.Plugin) error {
	files, err := filepath.Glob(filepath.Join(t.dir, "state", "*"))
	for _, file := range files {
		if info, e := os.Lstat(file); e == nil && info.Mode().IsRegular() && filepath.Base(file) != "lock" {
			err = errors.Join(err, os.WriteFile(file, []byte("\x00{not ours"), 0o600))
		}
	}
	return errors.Join(err, send(p, syscall.SIGKILL))
}

// knock connects to each socket as nobody should, and leaves.
func (t *torture) knock(context.Context, *host.Plugin) error {
	s := faults.Strangers[t.dice.IntN(len(faults.Strangers))]
	return filepath.WalkDir(t.runtime(), func(path string, d fs.DirEntry, err error) error {
		if err != nil || d.Type() != fs.ModeSocket {
			return nil
		}
		conn, err := net.DialTimeout("unix", path, time.Second)
		if err != nil {
			return nil
		}
		_ = conn.SetDeadline(time.Now().Add(100 * time.Millisecond))
		s.Greet(conn)
		return conn.Close()
	})
}

// misdeed has a plugin do what it should not, and judges what it says of that.
func (t *torture) misdeed(ctx context.Context, p *host.Plugin, what string) error {
	ctx, cancel := context.WithTimeout(ctx, patience/2)
	defer cancel()
	a, err := do.Call(ctx, p, job{ID: t.next.Add(1), What: what})
	want := map[string]string{"calls what is not granted": string(rpc.Denied), "opens all descriptors": "limited"}[what]
	if err == nil && a.Text != want && want != "" {
		return fmt.Errorf("it says %q, want %q", a.Text, want)
	}
	if what == "panics" && rpc.CodeOf(err) == rpc.Internal || err == nil {
		return nil
	}
	switch rpc.CodeOf(err) {
	case rpc.Unavailable, rpc.Timeout, rpc.Exhausted:
		return nil
	}
	return err
}
