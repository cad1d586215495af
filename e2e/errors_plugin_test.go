//go:build linux

package e2e_test

import (
	"bytes"
	"strings"
	"testing"
	"time"

	"github.com/hashicorp/go-hclog"

	"github.com/go-hotplug/hotplug/codec"
	"github.com/go-hotplug/hotplug/internal/wire"
	"github.com/go-hotplug/hotplug/plugin"
	"github.com/go-hotplug/hotplug/rpc"
	"github.com/go-hotplug/hotplug/rpc/middleware"
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
	c.asWritten("NAME: descriptor N: descriptors", "HOTPLUG_STARTUP: read start-up", "listen on descriptor", "descriptor N is no", "user N", "ask who the socket's peer is: ",
		"ask who the socket's peer is (SO", "ask who the socket's peer is (LO", "stop: CAUSE")
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

func TestErrorsOfWorkersOfOtherLanguages(t *testing.T) {
	c := openChapter(t, "Workers of other languages")
	for _, r := range c.rows {
		c.asWritten(strings.TrimPrefix(r.text, "... "))
	}
}
