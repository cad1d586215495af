//go:build linux

package e2e_test

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"io"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/hashicorp/go-hclog"

	"github.com/go-hotplug/hotplug/codec"
	"github.com/go-hotplug/hotplug/e2e/internal/oddityapi"
	"github.com/go-hotplug/hotplug/host"
	"github.com/go-hotplug/hotplug/internal/wire"
	"github.com/go-hotplug/hotplug/rpc"
)

func TestErrorsOfTheLog(t *testing.T) {
	c := openChapter(t, logSection)
	for name, part := range map[string]func(*testing.T){
		"opening": c.logOfOpening, "stopping": c.logOfStopping, "stuck": c.logOfAStuckPlugin, "plugin": c.logOfAPlugin, "orphan": c.logOfAnOrphan, "connections": c.logOfConnections, "watching": c.logOfWatching,
		"supervision": c.logOfSupervision, "control": c.logOfAControlSocket, "permissions": c.logOfPermissions,
	} {
		t.Run(name, part)
	}
	c.asWritten(elsewhere, "the plugins folders are not watched", "lines of output were skipped", "a kept instance", "its successor begins", "the record of a kept instance cannot be read", "the plugins that require another one", "a limit is not wholly kept", "the application has a descriptor")
	c.asWritten(byLuck, "the process does not end", "runtime folder stays", "the next host has to read every file", "lines of output were dropped", "its log file could not", "the record of a kept")
	c.asWritten(shortage, "a connection could not be accepted", "no events from plugins folders")
	c.asWritten(network, "TEXT tells only of changes")
}

// loud checks all lines at warn or error that a host or connection logged by itself.
func (c *chapter) loud(j *journal) {
	c.t.Helper()
	j.mu.Lock()
	defer j.mu.Unlock()
	for _, e := range j.entries {
		if e.level >= hclog.Warn && e.fields["stream"] == "" {
			c.says(e.message)
		}
	}
}

// logOfOpening is the log of a host with plugins that are not as they should be.
func (c *chapter) logOfOpening(t *testing.T) {
	s := newSite(t)
	s.crasher("exit", nil)
	s.oddity("", m{"permissions": m{"net": []string{"*"}}})
	mustDo(t, os.WriteFile(filepath.Join(s.plugins, "program"), []byte("#!/bin/sh\n"), 0o755))
	h := s.open(func(config *host.Config) { config.Hooks.Event = func(host.Event) { panic("bug") } })
	mustDo(t, os.RemoveAll(filepath.Join(s.state, "store")))
	s.close(h)
	c.loud(s.log)
}

// logOfStopping is the log of a host whose plugin does not stop when it is asked to.
func (c *chapter) logOfStopping(t *testing.T) {
	s := newSite(t)
	s.oddity("stop-hang", m{"timeouts": m{"drain": "100ms", "stop": "100ms"}})
	started := make(chan struct{}, 1)
	h := s.open(func(config *host.Config) { config.Handlers = []rpc.Handler{startedHandler(started)} })
	go oddityapi.Slow.Call(t.Context(), h.Plugin("oddity"), oddityapi.Number{N: 60_000})
	await(t, started, "the handler to run")
	h.Plugin("oddity").Close()
	c.loud(s.log)
}

// logOfAStuckPlugin is the log of a host that can tell its plugin nothing: it is stopped, and all on the way to it is full.
func (c *chapter) logOfAStuckPlugin(t *testing.T) {
	s := newSite(t)
	s.crasher("", m{"timeouts": m{"drain": "200ms", "stop": "100ms"}})
	p := s.open().Plugin("crasher")
	soon, cancel := context.WithTimeout(t.Context(), time.Second)
	defer cancel()
	_, _ = crasherSignal.Call(soon, p, signalRequest{Signal: 19}) // SIGSTOP
	full, cancelFull := context.WithTimeout(t.Context(), time.Second)
	defer cancelFull()
	for rpc.Notice[oddityapi.Text]("crasher.note").Send(full, p, oddityapi.Text{Text: strings.Repeat("x", 1<<20)}) == nil {
	}
	p.Close()
	c.loud(s.log)
}

// said are the lines at warn or error that a plugin logged for its host.
func (c *chapter) said(stderr string) {
	c.t.Helper()
	for line := range strings.Lines(stderr) {
		var l struct {
			Level   string `json:"@level"`
			Message string `json:"@message"`
		}
		if json.Unmarshal([]byte(line), &l) == nil && (l.Level == "warn" || l.Level == "error") {
			c.says(l.Message)
		}
	}
}

// logOfSupervision is the log of a host whose plugin stops answering, and the one before it too.
func (c *chapter) logOfSupervision(t *testing.T) {
	s := newSite(t)
	s.put(edition{version: "1.0.0", with: m{"timeouts": m{"start": "5s", "stop": "100ms"}}})
	p := s.openAsIs().Plugin("oddity")
	old := p.Status().PID
	s.reload(p, edition{version: "1.1.0", with: m{"health": m{"interval": "1s"}}})
	stopParked(t, old)
	kills(t, p, syscall.SIGSTOP)
	s.log.await(t, "the parked instance does not come back")
	answers(t, p, "1.0.0")
	c.loud(s.log)
}

// logOfAPlugin is the log of a plugin that a stranger dials, and that is stopped while a handler runs.
func (c *chapter) logOfAPlugin(t *testing.T) {
	w := byHand(t, "oddity", nil)
	_, err := w.greet(func(h *wire.HostHello) { h.Token = "" })
	says(t, err, "wrong token")
	stream, _, err := w.connect(nil)
	mustDo(t, err)
	started := make(chan struct{}, 1)
	conn := rpc.NewConn(t.Context(), stream, rpc.Options{Handlers: rpc.NewMux(startedHandler(started))})
	defer conn.Close()
	go oddityapi.Slow.Call(t.Context(), conn, oddityapi.Number{N: 60_000})
	await(t, started, "the handler to run")
	mustDo(t, w.cmd.Process.Signal(os.Interrupt)) // its goodbye is not answered
	await(t, w.ended, "its end")
	c.said(w.stderr.String())
}

// logOfAnOrphan is the log of a plugin whose lifeline ends, and whose Stop hook fails.
func (c *chapter) logOfAnOrphan(t *testing.T) {
	lifeline, ours, err := os.Pipe()
	mustDo(t, err)
	defer lifeline.Close()
	dir, err := os.MkdirTemp("", "e2e")
	mustDo(t, err)
	defer os.RemoveAll(dir)
	w := &worker{t: t, stderr: &bytes.Buffer{}, ended: make(chan struct{}), files: []*os.File{lifeline}, startup: &wire.Startup{
		Hotplug: []int{wire.Version}, Socket: filepath.Join(dir, "s"), Serializer: "MessagePackSerializer", Token: "t", Answer: "a",
		Plugin: wire.Identity{Name: "oddity"}, Host: wire.HostInfo{ID: "test"}, Limits: wire.Limits{}.WithDefaults(), Disconnect: wire.Disconnect{Mode: "shutdown"},
	}}
	line, err := w.startup.Encode()
	mustDo(t, err)
	_, err = ours.Write(line)
	mustDo(t, err)
	w.start([]string{wire.StartupEnv + "=fd:3", oddityapi.EnvStopFile + "=/no/such/folder/stopped"})
	_, _, err = w.connect(nil)
	mustDo(t, err)
	ours.Close()
	await(t, w.ended, "its end")
	c.said(w.stderr.String())
}

// logOfConnections is the log of connections whose peer or program is wrong.
func (c *chapter) logOfConnections(t *testing.T) {
	j := newJournal()
	handlers := rpc.NewMux(doubled.Handle(badHandlers["panics"]))
	r := newRawPeer(t, codec.JsonSerializer{}, rpc.Options{Logger: j.logger, Handlers: handlers, Observe: func(rpc.Observation) { panic("bug") }})
	go io.Copy(io.Discard, r.stream)
	_, _ = r.stream.Write([]byte("nonsense\n"))
	r.send(wire.Frame{Kind: wire.Notice, Type: "nobody.handles", Tx: wire.Tx{N: 1}}, nil)
	r.send(wire.Frame{Kind: wire.Request, Type: string(doubled), Tx: wire.Tx{N: 1}}, number{})
	until(t, 10*time.Second, "the panic logged", func() bool { _, ok := j.find("handler panicked"); return ok })
	r.send(wire.Frame{Kind: wire.Request, Type: "no tx"}, nil)
	_ = r.over()

	vague := newRawPeer(t, codec.MessagePackSerializer{}, rpc.Options{Logger: j.logger})
	go func() {
		_, _ = vague.stream.Read(make([]byte, 1024))
		vague.send(wire.Frame{Kind: wire.Progress, Tx: wire.Tx{N: 1}}, 7)
		vague.send(wire.Frame{Kind: wire.Result, Tx: wire.Tx{N: 1}}, number{})
	}()
	_, err := doubled.Call(rpc.OnProgress(t.Context(), func(rpc.Progress) {}), vague.conn, number{})
	mustDo(t, err)

	done := make(chan error, 1) // one slot: there is one call
	mute := newRawPeer(t, lossy{encodes: `"error"`}, rpc.Options{Logger: j.logger, Observe: func(o rpc.Observation) { done <- o.Err }})
	mute.send(wire.Frame{Kind: wire.Request, Type: "nobody.handles", Tx: wire.Tx{N: 1}}, nil)
	<-done
	until(t, 10*time.Second, "the answer dropped", func() bool { _, ok := j.find("answer dropped"); return ok })
	until(t, 10*time.Second, "the end logged", func() bool { _, ok := j.find("connection ended"); return ok })
	c.loud(j)
}

func TestErrorsThatAreWarnings(t *testing.T) {
	c := openChapter(t, "Warnings")
	c.asWritten(elsewhere, "config.default: it does not fit") // hotplug validate prints it
	s := newSite(t)
	s.install("odd", "oddity", m{"permissions": m{"net": []string{"*"}}})
	s.install("worker", "handyman", isolated(m{"permissions": m{"calls": []string{"e2e.*"}}}))
	dir := s.installManifest("misspelt", "run", m{"serializer": "JsonSerialiser"})
	mustDo(t, os.WriteFile(filepath.Join(dir, "run"), []byte("neither\n"), 0o755))
	s.open()
	s.log.mu.Lock()
	defer s.log.mu.Unlock()
	for _, e := range s.log.entries {
		if text := e.fields["warning"]; text != "" {
			c.meets(errors.New(text))
		}
	}
}
