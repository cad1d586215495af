//go:build unix

package controlhost_test

import (
	"context"
	"errors"
	"net"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"

	"github.com/hashicorp/go-hclog"

	"github.com/go-hotplug/hotplug/control"
	"github.com/go-hotplug/hotplug/control/controlhost"
	"github.com/go-hotplug/hotplug/control/socket"
	"github.com/go-hotplug/hotplug/host"
	"github.com/go-hotplug/hotplug/host/hosttest"
	"github.com/go-hotplug/hotplug/internal/leak"
	"github.com/go-hotplug/hotplug/rpc"
)

// opened is a host with a server on a real socket.
func opened(t *testing.T, log rpc.Logger, plugins ...hosttest.Plugin) (*hosttest.Host, *controlhost.Server, *rpc.Conn) {
	t.Helper()
	run, err := os.MkdirTemp("", "c") // short: a socket's path has a limit
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { os.RemoveAll(run) })
	t.Setenv("XDG_RUNTIME_DIR", run)
	c := host.Config{Logger: hclog.NewNullLogger()}
	record := controlhost.Record(&c)
	h := hosttest.Open(t, c, plugins...)
	s, err := controlhost.Open(h.Host, controlhost.Options{Name: "app", Dir: "plugins", Record: record, Logger: log})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { s.Close() })
	conn, err := socket.Dial(t.Context(), socket.Place{Name: "app", Dir: "plugins"})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { conn.Close() })
	return h, s, conn
}

func TestWhoFollowsSeesTheHostStopAndThenTheEnd(t *testing.T) {
	h, s, conn := opened(t, nil, hosttest.Plugin{Name: "greeter"})
	var once sync.Once
	last := control.Event{}
	for e, err := range control.Events.Open(t.Context(), conn, control.EventsRequest{Last: control.All, Follow: true}) {
		if err != nil {
			t.Fatal(err)
		}
		last = e
		once.Do(func() {
			go func() {
				h.Close()
				s.Close()
			}()
		})
	}
	if last.To != "stopped" || last.Plugin != "greeter" {
		t.Errorf("the last event is %+v", last)
	}
}

func TestCloseLeavesNeitherGoroutinesNorFilesEvenIfAClientFollows(t *testing.T) {
	var g leak.Group
	g.Do(func() {
		_, s, conn := opened(t, nil)
		ended := make(chan struct{})
		go func() {
			defer close(ended)
			for range control.Logs.Open(t.Context(), conn, control.LogsRequest{Follow: true}) {
			}
		}()
		if err := errors.Join(s.Close(), s.Close()); err != nil {
			t.Error(err)
		}
		<-ended
		conn.Close()
	})
	if left := g.Left(); left != "" {
		t.Errorf("left:\n%s", left)
	}
	if left, err := filepath.Glob(filepath.Join(os.Getenv("XDG_RUNTIME_DIR"), "hotplugctl*")); err != nil || len(left) > 0 {
		t.Errorf("left: %q, %v", left, err)
	}
}

// said is a logger that hands on the reason of each warning.
type said chan string

func (s said) Debug(string, ...any)         {}
func (s said) Warn(msg string, args ...any) { s <- msg + ": " + args[1].(string) }

func TestWhoBreaksTheHandshakeIsLoggedAndDisturbsNobody(t *testing.T) {
	log := make(said, 1)
	_, _, conn := opened(t, log)
	stranger, err := new(net.Dialer).DialContext(context.Background(), "unix", socket.Running()[0])
	if err != nil {
		t.Fatal(err)
	}
	defer stranger.Close()
	stranger.Write([]byte("GET / HTTP/1.1\r\n"))
	if got := <-log; !strings.HasPrefix(got, "control socket: a connection was refused: expected a line of JSON") {
		t.Errorf("logged %q", got)
	}
	if _, err := control.Status.Call(t.Context(), conn, control.StatusRequest{}); err != nil {
		t.Error(err)
	}
}
