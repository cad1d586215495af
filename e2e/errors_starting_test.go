//go:build linux

package e2e_test

import (
	"bytes"
	"context"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/go-hotplug/hotplug/e2e/internal/oddityapi"
	"github.com/go-hotplug/hotplug/host"
	"github.com/go-hotplug/hotplug/internal/wire"
	"github.com/go-hotplug/hotplug/rpc"
	"github.com/go-hotplug/hotplug/shape"
)

// What of the section other tests produce.
var (
	ofPrograms = []string{"its working directory", "there is no such file", "its first line asks", "it is neither a program", "it was built for", "the file exists",
		"it is a folder", "permission denied: it is not", "its arguments and environment", "the start-up line has N bytes, at most", "a writer still has"}
	ofCopies = []string{"link ", "follow link", `"PATH" is a TEXT`, "the tree has more", `entry "PATH"`, "files changed"}
)

// badStarts are plugins that do not start, one in each folder.
var badStarts = map[string]struct {
	install func(*site)
	also    string // the beginning of a second line that the error has to fit
}{
	"in silence":           {crashes("exit", m{"CRASHER_CODE": "0"}), ""},
	"with a last word":     {crashes("exit", m{"CRASHER_STDERR": "out of cheese"}), ""},
	"hangs":                {crashes("hang", nil), ""},
	"hangs up":             {crashes("hang-up", nil), ""},
	"closes its listener":  {crashes("close-listener", nil), ""},
	"garbage":              {crashes("garbage", nil), ""},
	"endless":              {crashes("endless", nil), ""},
	"wrong secret":         {crashes("wrong-answer", nil), ""},
	"another version":      {odd("version"), ""},
	"a later version":      {odd("future"), ""},
	"somebody else":        {odd("identity"), ""},
	"another serializer":   {odd("json"), "serializer mismatch"},
	"uses what is missing": {odd("uses"), ""},
	"a missing plugin":     {func(s *site) { s.crasher("exit", nil); s.install("needy", "oddity", m{"requires": m{"crasher": "*"}}) }, "it requires"},
}

func TestErrorsOfStartingAPlugin(t *testing.T) {
	c := openPart(t, "Starting a plugin")
	for _, r := range c.rows {
		r.met = c.beginsWith(r, ofPrograms) || c.beginsWith(r, ofCopies)
	}
	for name, test := range badStarts {
		t.Run(name, func(t *testing.T) {
			s := newSite(t)
			test.install(s)
			for _, f := range s.open().Failed() {
				c.meets(f.Err)
				if test.also != "" && f.Plugin != "crasher" {
					c.fits(test.also, f.Err)
				}
			}
		})
	}
	t.Run("calls", c.callsWhileStarting)
	t.Run("hook", c.hangingHook)
	t.Run("shapes", c.shapes)
	t.Run("limits", c.startLimits)
	t.Run("configurations", c.misfits)
	c.asWritten(byLuck, "the library for JSON Schema panicked", "config.schema: CAUSE")
	c.asWritten(elsewhere, `MESSAGE: plugin "NAME" is being replaced`, "handshake: the plugin began its answer", `plugin "NAME" VERSION calls its host`, "protocol mismatch: host offers LIST, plugin speaks N: rebuild", "no connection after", "it requires NAME CONSTRAINT: VERSION runs", "nothing is to run")
	c.asWritten(byLuck, "handshake: the plugin closed", "dial PATH", "arm the lifeline: ", "arm the lifeline (", "copy PATH is replaced", "copy PATH: somebody has written", "its files hash to")
	c.asWritten(otherUser, "permission denied: this user may not enter", "permission denied: this user may not execute", "this user may not read")
	c.asWritten(shortage, "the system refuses", "the system has no memory", "no descriptors are left", "the start-up line has N bytes and")
	c.asWritten(otherSystem, "host.Reconnect.Delay", "create a job", "open process", "put process", "limit the job")
}

// callsWhileStarting are the errors of those who call a plugin that has not started, or is another than they think.
func (c *chapter) callsWhileStarting(t *testing.T) {
	s := newSite(t)
	s.oddity("callback", m{"timeouts": m{"start": "5s"}})
	s.crasher("hang", m{"timeouts": m{"start": "2s"}})
	early := make(chan error, 1) // one slot: the handler runs once, and nobody waits for it
	h := s.open(func(config *host.Config) {
		config.Handlers = []rpc.Handler{host.Forward(impatient{oddityapi.Double, early}, "crasher")}
	})
	c.meets(<-early)
	_, err := h.Require(t.Context(), "counter", ">=2")
	c.meets(err)
	c.meets(h.Plugin("conter").Ready(t.Context()))
}

// impatient is a method whose calls are given up soon.
type impatient struct {
	rpc.Method[oddityapi.Number, oddityapi.Number]
	err chan<- error
}

func (i impatient) Relay(to func(context.Context) (rpc.Peer, error)) rpc.Handler {
	return rpc.RelayCall(i, to)
}

func (i impatient) Call(ctx context.Context, p rpc.Peer, n oddityapi.Number) (oddityapi.Number, error) {
	ctx, cancel := context.WithTimeout(ctx, 50*time.Millisecond)
	defer cancel()
	_, err := i.Method.Call(ctx, p, n)
	i.err <- err
	return n, nil
}

// misfits are configurations that do not fit the schema of their plugin: its own, the host's, and what is no JSON.
func (c *chapter) misfits(t *testing.T) {
	config := m{"config": m{"schema": m{"required": []string{"theme"}}, "default": m{"them": "dark"}}}
	for _, own := range []string{"", `{}`, `{`} {
		t.Run("of the host: "+own, func(t *testing.T) {
			s := newSite(t)
			s.oddity("callback", config)
			h := s.open(func(config *host.Config) {
				if own != "" {
					config.Plugins = map[string]host.Settings{"oddity": {Config: []byte(own)}}
				}
			})
			c.meets(failure(t, h, "oddity"))
			if own == "{" {
				c.fits("it is no JSON", failure(t, h, "oddity"))
			}
		})
	}
}

// hangingHook is the error of a plugin whose Start hook does not return.
func (c *chapter) hangingHook(t *testing.T) {
	s := newSite(t)
	s.oddity("callback", m{"timeouts": m{"start": short}})
	h := s.open(func(config *host.Config) {
		config.Handlers = []rpc.Handler{oddityapi.Double.Handle(func(ctx context.Context, n oddityapi.Number) (oddityapi.Number, error) {
			<-ctx.Done()
			return n, context.Cause(ctx)
		})}
	})
	c.meets(failure(t, h, "oddity"))
}

// shapes are the errors of ends that were built from different contracts.
func (c *chapter) shapes(*testing.T) {
	here := rpc.Method[oddityapi.Number, oddityapi.Text]("m").Use()
	for _, there := range []rpc.Use{
		rpc.Method[tinyNumber, oddityapi.Text]("m").Use(),
		rpc.Method[oddityapi.Number, struct {
			Text int `json:"text"`
		}]("m").Use(),
		rpc.Method[string, oddityapi.Text]("m").Use(),
		rpc.Method[oddityapi.Number, string]("m").Use(),
		rpc.Notice[oddityapi.Number]("m").Use(),
	} {
		c.meets(wire.CheckUses(rpc.Records([]rpc.Use{here}), rpc.Records([]rpc.Use{there}), true))
	}
}

type tinyNumber struct {
	N int8 `json:"n"`
}

// startLimits are the errors of what is too long.
func (c *chapter) startLimits(t *testing.T) {
	s := newSite(t)
	for _, change := range []func(*host.Launch){
		func(l *host.Launch) { l.SocketPath = "/tmp/" + strings.Repeat("x", 120) },
		func(l *host.Launch) { l.SocketPath = "/no/such/folder/s" },
		func(l *host.Launch) { l.Host.Name = strings.Repeat("x", 40_000) },
	} {
		l := s.launch("counter")
		change(&l)
		_, err := host.Start(t.Context(), l)
		c.meets(err)
	}
	c.meets(&wire.Refusal{Code: string(rpc.Denied)})
	for _, hello := range []*wire.PluginHello{
		{Answer: strings.Repeat("x", wire.MaxHello)}, {Handles: make([]wire.Message, wire.MaxMessages+1)}, {Handles: make([]wire.Message, 1)}, {Uses: wideMessages()},
	} {
		c.meets(wire.WriteLine(&bytes.Buffer{}, hello))
	}
}

// wideMessages have more parts together than a handshake line may describe.
func wideMessages() []wire.Message {
	wide := &shape.Shape{Kind: shape.Struct}
	for n := range shape.MaxNodes - 1 {
		wide.Fields = append(wide.Fields, shape.Field{Name: fmt.Sprint(n), Shape: &shape.Shape{Kind: shape.Int8}})
	}
	var all []wire.Message
	for range wire.MaxParts/shape.MaxNodes + 1 {
		all = append(all, wire.Message{Name: "m", Payload: wide})
	}
	return all
}

func TestErrorsOfStartingAProgramStandOnThePage(t *testing.T) {
	openPart(t, "Starting a plugin", ofPrograms...).programs(t)
}

func TestErrorsOfCopyingStandOnThePage(t *testing.T) {
	openPart(t, "Starting a plugin", ofCopies...).copies(t)
}

// otherLoader is a program whose dynamic loader does not exist.
func otherLoader(t *testing.T, dir string) string {
	t.Helper()
	text, err := os.ReadFile("/bin/true")
	mustDo(t, err)
	text = bytes.Replace(text, []byte("/ld-linux"), []byte("/no-linux"), 1)
	path := filepath.Join(dir, "loader")
	mustDo(t, os.WriteFile(path, text, 0o755))
	return path
}

func TestErrorsOfLosingAPlugin(t *testing.T) {
	c := openChapter(t, "Losing a plugin")
	c.asWritten(elsewhere, "it asked to leave")
	for name, end := range map[string]exitRequest{"with a last word": {Code: 7, Stderr: "the last word"}, "in silence": {}} {
		t.Run(name, func(t *testing.T) {
			s := newSite(t)
			s.crasher("", nil)
			h := s.open()
			_, err := crasherExit.Call(t.Context(), h.Plugin("crasher"), end)
			c.meets(err)
			until(t, 10*time.Second, "failed", func() bool { return h.Plugin("crasher").Status().State == host.Failed })
			c.meets(failure(t, h, "crasher"))
		})
	}
	t.Run("ended by its host", func(t *testing.T) {
		s := newSite(t)
		s.crasher("bad-frame", nil)
		h := s.open()
		until(t, 10*time.Second, "failed", func() bool { return h.Plugin("crasher").Status().State == host.Failed })
		c.meets(failure(t, h, "crasher"))
	})
	c.brokenRules(t)
	c.brokenStreams(t)
	c.leaving(t)
	c.asWritten(elsewhere, "it closed its connection while")
}
