//go:build linux

package e2e_test

import (
	"bytes"
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/hashicorp/go-hclog"

	"github.com/go-hotplug/hotplug/codec"
	"github.com/go-hotplug/hotplug/e2e/internal/oddityapi"
	"github.com/go-hotplug/hotplug/internal/wire"
	"github.com/go-hotplug/hotplug/plugin"
	"github.com/go-hotplug/hotplug/rpc"
	"github.com/go-hotplug/hotplug/rpc/middleware"
	"github.com/go-hotplug/hotplug/rpc/rpctest"
)

// badStartups are what a plugin finds in its environment, and the code with which it exits.
var badStartups = map[string]int{
	"":                                     64,
	"{}":                                   65,
	"garbage":                              65,
	strings.Repeat("x", wire.MaxStartup+1): 65,
	"fd:77":                                65,
	"fd:x":                                 65,
}

func TestErrorsOfThePluginsSide(t *testing.T) {
	c := openChapter(t, "The plugin's side")
	for text, code := range badStartups {
		w := &worker{t: t, stderr: &bytes.Buffer{}, ended: make(chan struct{}), startup: &wire.Startup{Plugin: wire.Identity{Name: "counter"}}}
		if text == "" {
			w.start(nil)
		} else {
			w.start([]string{wire.StartupEnv + "=" + text})
		}
		c.ends(w, code)
	}
	for code, change := range map[int]func(*wire.Startup){
		69: func(s *wire.Startup) { s.Timeouts.HostConnect = 100 },
		78: func(s *wire.Startup) { s.Serializer = "MoonSerializer" },
		65: func(s *wire.Startup) { s.Socket = "/no/such/folder/s" },
	} {
		c.ends(byHand(t, "counter", change), code)
	}
	c.ends(byHand(t, "counter", func(s *wire.Startup) { s.Listener = 77 }), 65)
	c.meets(plugin.Server{Manifest: []byte("{}")}.Run(t.Context()))
	c.refusals(t)
	c.descriptors(t)
	c.stopHook(t)
	c.late(t)
	c.broken(t)
	c.asWritten(otherSystem, "NAME: descriptor N: descriptors", "ask who the socket's peer is (LO")
	c.asWritten(byLuck, "descriptor N is no", "ask who the socket's peer is: ", "ask who the socket's peer is (SO")
	c.asWritten(otherUser, "user N")
}

// descriptors are the errors of descriptors that are something else.
func (c *chapter) descriptors(t *testing.T) {
	t.Helper()
	folder, err := os.Open(t.TempDir())
	mustDo(t, err)
	defer folder.Close()
	file, err := os.Open(someFile(t, t.TempDir()))
	mustDo(t, err)
	defer file.Close()
	startup := &wire.Startup{Hotplug: []int{wire.Version}, Listener: 3, Serializer: "MessagePackSerializer", Token: "t", Answer: "a", Plugin: wire.Identity{Name: "counter"}}
	line, err := startup.Encode()
	mustDo(t, err)
	ended, end, err := os.Pipe()
	mustDo(t, err)
	defer ended.Close()
	mustDo(t, end.Close())
	open, unread, err := os.Pipe()
	mustDo(t, err)
	defer func() { open.Close(); unread.Close() }()
	for third, text := range map[*os.File]string{folder: "fd:3", ended: "fd:3", unread: "fd:3", file: strings.TrimSpace(string(line))} {
		w := &worker{t: t, stderr: &bytes.Buffer{}, ended: make(chan struct{}), startup: startup, files: []*os.File{third}}
		w.start([]string{wire.StartupEnv + "=" + text})
		c.ends(w, 65)
	}
}

// stopHook is the error of a Stop hook that fails.
func (c *chapter) stopHook(t *testing.T) {
	t.Helper()
	w := byHand(t, "oddity", nil, oddityapi.EnvStopFile+"=/no/such/folder/stopped")
	stream, _, err := w.connect(nil)
	mustDo(t, err)
	conn := rpc.NewConn(t.Context(), stream, rpc.Options{})
	defer conn.Close()
	mustDo(t, conn.Goodbye(t.Context(), rpc.Goodbye{Then: rpc.GoodbyeStop}))
	c.ends(w, 70)
}

// broken is the error of a host that breaks the protocol.
func (c *chapter) broken(t *testing.T) {
	t.Helper()
	w := byHand(t, "counter", nil)
	stream, _, err := w.connect(nil)
	mustDo(t, err)
	_, err = stream.Write([]byte{0, 0, 0, 0})
	mustDo(t, err)
	w.exits(10*time.Second, 70)
	c.says(lastLine(w.stderr))
	w = byHand(t, "counter", func(s *wire.Startup) { s.Timeouts.Handshake = 100 })
	_, err = io.Copy(io.Discard, w.dial()) // until it hangs up
	mustDo(t, err)
	mustDo(t, w.cmd.Process.Signal(os.Interrupt))
	w.exits(10*time.Second, 0)
	_, reason, _ := strings.Cut(lastLine(w.stderr), "refused: ")
	c.says(reason)
}

// late is the error of a host that comes to a plugin which is leaving.
func (c *chapter) late(t *testing.T) {
	t.Helper()
	file := filepath.Join(t.TempDir(), "stopped")
	w := byHand(t, "oddity", nil, oddityapi.EnvMode+"="+oddityapi.ModeStopHang, oddityapi.EnvStopFile+"="+file)
	stream, _, err := w.connect(nil)
	mustDo(t, err)
	mustDo(t, w.cmd.Process.Signal(os.Interrupt))
	mustDo(t, stream.Close()) // it would wait for its host's goodbye
	until(t, 10*time.Second, "leaving", func() bool { _, err := os.Stat(file); return err == nil })
	_, err = w.greet(nil)
	c.meets(err)
}

// ends checks what a plugin said when it exited, and its code.
func (c *chapter) ends(w *worker, code int) {
	c.t.Helper()
	w.exits(10*time.Second, code)
	c.says(strings.TrimSpace(w.stderr.String()))
}

// refusals are the errors of hosts that a plugin does not serve.
func (c *chapter) refusals(t *testing.T) {
	t.Helper()
	for _, change := range []func(*wire.HostHello){
		func(h *wire.HostHello) { h.Token = "" },
		func(h *wire.HostHello) { h.Hotplug = []int{8} },
	} {
		_, err := byHand(t, "counter", nil).greet(change)
		c.meets(err)
	}
	_, err := byHand(t, "oddity", nil, "ODDITY=uses").greet(nil)
	c.meets(err)
	w := byHand(t, "counter", nil)
	stream, _, err := w.connect(nil)
	mustDo(t, err)
	first := rpc.NewConn(t.Context(), stream, rpc.Options{}) // it answers pings
	defer first.Close()
	_, err = w.greet(another)
	c.meets(err)
}

func TestErrorsOfPanics(t *testing.T) {
	c := openChapter(t, "Panics")
	for _, bug := range []func(){
		func() { doubled.Handle(nil) },
		func() { rpc.NewMux(rpc.Handler{}) },
		func() { rpc.NewMux(rpc.Method[number, number]("hotplug.x").Handle(untilOver)) },
		func() { rpc.NewMux(doubled.Handle(untilOver), doubled.Handle(untilOver)) },
		func() { rpctest.PairWith(t, rpc.Options{Protocol: "hotplug/7"}, rpc.Options{}) },
		func() { codec.Register(bad{}) },
		func() { codec.Register(codec.JsonSerializer{}) },
		func() { middleware.Logging(hclog.NewNullLogger(), middleware.LogOptions{Level: "loud"}) },
	} {
		c.says(panicOf(bug))
	}
}

func panicOf(bug func()) (text string) {
	defer func() { text, _ = recover().(string) }()
	bug()
	return ""
}
