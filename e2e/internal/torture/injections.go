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
	{"a rule of the protocol is broken", (*torture).breakRule},
	{"a rule of the protocol is broken", (*torture).breakRule}, // there are many of them
	{"SIGKILL", func(_ *torture, _ context.Context, p *host.Plugin) error { return send(p, syscall.SIGKILL) }},
	{"SIGSTOP, and SIGCONT", (*torture).stop},
	{"SIGSTOP, until health checks end it", func(_ *torture, _ context.Context, p *host.Plugin) error { return send(p, syscall.SIGSTOP) }},
	{"Close of a stopped process", (*torture).disableStopped},
	{"a good version", (*torture).reload},
	{"a bad version", (*torture).reloadBad},
	{"a manifest that is torn", (*torture).tearManifest},
	{"a program that is cut off", (*torture).cutProgram},
	{"the plugin's folder is removed", func(t *torture, _ context.Context, p *host.Plugin) error {
		return os.RemoveAll(filepath.Join(t.plugins(), p.Name()))
	}},
	{"the runtime folder is removed", (*torture).removeRuntime},
	{"a copy in the store is altered", (*torture).alterStore},
	{"strangers on every socket", (*torture).knock},
	{"disabled", func(_ *torture, ctx context.Context, p *host.Plugin) error { return p.Disable(ctx) }},
}

// breakRule has the hostile plugin play a row of package faults.
func (t *torture) breakRule(ctx context.Context, _ *host.Plugin) error {
	row := t.rows[t.dice.IntN(len(t.rows))]
	t.played[row] = true
	p := t.host.Plugin(hostile)
	if len(t.played) > 1 { // before that it is not installed
		if err := p.Disable(ctx); err != nil {
			return err
		}
	}
	turns := filepath.Join(t.dir, "turns")
	if err := os.WriteFile(turns, fmt.Append(nil, t.dice.IntN(100)), 0o600); err != nil {
		return err
	}
	m := t.manifest(hostile, members{
		"env":      members{"set": map[string]string{faults.EnvFault: row, faults.EnvTurns: turns, faults.EnvSeed: fmt.Sprint(t.dice.Uint64()), recordsEnv: t.records()}},
		"restart":  members{"policy": "never"},
		"timeouts": members{"start": "1s", "drain": "200ms", "stop": "100ms"}, "health": members{"interval": "300ms", "misses": 2},
		"permissions": members{"calls": []string{"*"}}, "limits": members{},
	})
	if err := t.install(hostile, t.hostileProgram, m); err != nil {
		return err
	}
	if len(t.played) > 1 {
		_ = p.Enable(ctx) // whatever becomes of it
	}
	pause(ctx, 100*time.Millisecond)
	return nil
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

func (t *torture) reloadBad(ctx context.Context, p *host.Plugin) error {
	m := t.manifest(p.Name(), nil)
	m["env"] = members{"set": map[string]string{recordsEnv: t.records(), modeEnv: crashesAtStart}}
	if err := t.install(p.Name(), t.pluginProgram, m); err != nil {
		return err
	}
	if err := p.Reload(ctx); err == nil {
		return errors.New("a version that crashes at its start was taken")
	}
	return nil
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
	err = os.Truncate(file, t.dice.Int64N(info.Size()))
	pause(ctx, 300*time.Millisecond)
	return err
}

// removeRuntime removes the folder of the sockets; the next launch has to make do.
func (t *torture) removeRuntime(context.Context, *host.Plugin) error {
	all, err := os.ReadDir(t.runtime())
	for _, e := range all {
		err = errors.Join(err, os.RemoveAll(filepath.Join(t.runtime(), e.Name())))
	}
	return err
}

// alterStore changes a byte in the middle of what a plugin runs, which keeps its size, and ends the process.
func (t *torture) alterStore(_ context.Context, p *host.Plugin) error {
	file := filepath.Join(t.store(), p.Status().Hash, "program")
	if err := os.Chmod(file, 0o700); errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	text, err := os.ReadFile(file)
	if err != nil {
		return err
	}
	text[len(text)/2] ^= 0xff
	if err := os.Remove(file); err != nil { // a program that runs cannot be written
		return err
	}
	if err := os.WriteFile(file, text, 0o500); err != nil {
		return err
	}
	return send(p, syscall.SIGKILL)
}

// knock connects to each socket as nobody should.
func (t *torture) knock(context.Context, *host.Plugin) error {
	return filepath.WalkDir(t.runtime(), func(path string, d fs.DirEntry, err error) error {
		if err != nil || d.Type() != fs.ModeSocket {
			return nil
		}
		if conn, err := net.DialTimeout("unix", path, time.Second); err == nil {
			_, _ = conn.Write([]byte("GET / HTTP/1.1\r\n\r\n\xff\x00{}\n"))
			conn.Close()
		}
		return nil
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
