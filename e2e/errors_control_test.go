//go:build linux

package e2e_test

import (
	"bufio"
	"context"
	"fmt"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/hashicorp/go-hclog"

	"github.com/go-hotplug/hotplug/control"
	"github.com/go-hotplug/hotplug/control/controlhost"
	"github.com/go-hotplug/hotplug/control/socket"
	"github.com/go-hotplug/hotplug/host"
	"github.com/go-hotplug/hotplug/rpc"
)

// controlFolder is where control sockets are in one test.
func controlFolder(t *testing.T) string {
	t.Helper()
	t.Setenv("TMPDIR", "")            // where the last one of this test was is gone by now
	dir, err := os.MkdirTemp("", "c") // short: a socket's path has a limit
	mustDo(t, err)
	t.Cleanup(func() { os.RemoveAll(dir) })
	t.Setenv("XDG_RUNTIME_DIR", dir)
	t.Setenv("TMPDIR", dir)
	return dir
}

// inControl opens a host of a folder that the command finds.
func inControl(t *testing.T, dir string) (*host.Host, *controlhost.Server) {
	t.Helper()
	c := host.Config{Name: "hotplug", Dir: dir, StateDir: t.TempDir(), Logger: hclog.NewNullLogger()}
	kept := controlhost.Record(&c)
	h, err := host.Open(t.Context(), c)
	mustDo(t, err)
	s, err := controlhost.Open(h, controlhost.Options{Name: c.Name, Dir: dir, Record: kept})
	mustDo(t, err)
	t.Cleanup(func() { h.Close(); s.Close() })
	return h, s
}

func TestErrorsOfLookingAtARunningHost(t *testing.T) {
	c := openChapter(t, "Looking at a running host")
	s := newShell(t)
	controlFolder(t)
	c.lines(s, `$H status`, `$H status plugins`)
	said, hint, _ := strings.Cut(s.says("status", s.plugins)[0], "\n")
	c.says(said)
	c.says(hint)
	t.Run("running", func(t *testing.T) { c.ofARunningHost(t, s) })
	t.Run("lost", func(t *testing.T) { c.ofALostHost(t, s) })
	t.Run("opening", c.ofOpeningASocket)
	t.Run("greeting", c.ofGreetings)
	c.asWritten(byLuck, "control socket PATH: another process")
	c.asWritten(otherUser, "folder PATH belongs", "refused process N")
	c.asWritten(elsewhere, "the other side did not finish")
}

// lines checks all that lines of a shell print.
func (c *chapter) lines(s *shell, scripts ...string) {
	c.t.Helper()
	for _, script := range scripts {
		for _, said := range s.line(script) {
			c.says(said)
		}
	}
}

func (c *chapter) ofARunningHost(t *testing.T, s *shell) {
	empty := filepath.Join(s.home, "empty")
	mustDo(t, os.Mkdir(empty, 0o755))
	inControl(t, empty)
	c.lines(s, `$H status empty`)
	h, server := inControl(t, s.plugins)
	for _, args := range [][]string{{"reload", s.plugins, "countr"}, {"reload", "--timeout", "1ns", s.plugins, "counter"}, {"logs", "--timeout", "1ns", s.plugins}} {
		c.says(s.says(args...)[0])
	}
	_, err := controlhost.Open(h, controlhost.Options{Name: "hotplug", Dir: s.plugins})
	c.meets(err)
	for _, said := range s.line(`timeout --foreground -s INT 2 $H run --log-level off empty`) {
		if strings.HasPrefix(said, "this host") {
			c.says(said)
		}
	}
	cmd := exec.Command(s.command, "events", "-f", s.plugins)
	var stderr strings.Builder
	cmd.Stderr = &stderr
	out, err := cmd.StdoutPipe()
	mustDo(t, err)
	mustDo(t, cmd.Start())
	lines := bufio.NewScanner(out)
	lines.Scan()
	h.Close()
	server.Close()
	for lines.Scan() {
	}
	mustDo(t, cmd.Wait())
	c.says(strings.TrimSpace(strings.TrimPrefix(stderr.String(), "hotplug: ")))
}

// ofALostHost is what is said of hosts that go, and of one of another version.
func (c *chapter) ofALostHost(t *testing.T, s *shell) {
	for _, answer := range []func(net.Conn){
		func(stream net.Conn) {
			opened := make(chan struct{})
			conn, err := socket.Answer(t.Context(), stream, []rpc.Handler{control.Logs.Handle(func(ctx context.Context, _ control.LogsRequest, _ func(control.Line) error) error {
				close(opened)
				<-ctx.Done()
				return ctx.Err()
			})}, nil)
			if err == nil {
				<-opened
				conn.Close()
			}
		},
		func(stream net.Conn) { stream.Close() },
	} {
		l, err := socket.Listen(socket.Place{Name: "pretended", Dir: s.plugins})
		mustDo(t, err)
		done := make(chan struct{})
		go func() {
			defer close(done)
			if stream, err := l.Accept(); err == nil {
				answer(stream)
			}
		}()
		c.says(s.says("logs", "-f", "--name", "pretended", s.plugins)[0])
		l.Close()
		<-done
	}
}

// ofOpeningASocket is what Listen and Dial say of folders.
func (c *chapter) ofOpeningASocket(t *testing.T) {
	place := socket.Place{Name: "app", Dir: "plugins"}
	for _, prepare := range []func(dir string) error{
		func(dir string) error { return os.Chmod(dir, 0o777) },
		func(dir string) error { return os.Remove(dir) },
		func(dir string) error {
			return os.Mkdir(filepath.Join(dir, fmt.Sprintf("hotplugctl-%d", os.Geteuid())), 0o755)
		},
		func(dir string) error {
			long := filepath.Join(dir, strings.Repeat("x", 100))
			t.Setenv("XDG_RUNTIME_DIR", long)
			t.Setenv("TMPDIR", long)
			return os.Mkdir(long, 0o700)
		},
		func(dir string) error {
			l, err := socket.Listen(place)
			if err != nil {
				return err
			}
			l.Close()
			mustDo(t, os.Mkdir(filepath.Dir(l.Path()), 0o700))
			return os.MkdirAll(filepath.Join(l.Path(), "x"), 0o700)
		},
		func(string) error {
			l, err := socket.Listen(place)
			if err != nil {
				return err
			}
			l.Close()
			return os.MkdirAll(l.Path()+".lock", 0o700)
		},
	} {
		mustDo(t, prepare(controlFolder(t)))
		_, err := socket.Listen(place)
		c.meets(err)
	}
	_, err := socket.DialPath(t.Context(), "/"+strings.Repeat("x", 200))
	c.meets(err)
}

// ofGreetings is what the two ends say of each other's line.
func (c *chapter) ofGreetings(t *testing.T) {
	answer := func(ctx context.Context, stream net.Conn) (*rpc.Conn, error) {
		return socket.Answer(ctx, stream, nil, nil)
	}
	for _, g := range []struct {
		end  func(context.Context, net.Conn) (*rpc.Conn, error)
		line string
	}{
		{answer, `{"control":[2],"serializer":"MessagePackSerializer"}`}, {answer, `{"control":[1],"serializer":"JsonSerializer"}`}, {answer, "GET /"}, {answer, ""},
		{socket.Greet, `{"control":2,"serializer":"MessagePackSerializer"}`},
	} {
		near, far := net.Pipe()
		go func() {
			defer far.Close()
			if g.line == "" {
				return
			}
			go bufio.NewReader(far).ReadString('\n')
			far.Write([]byte(g.line + "\n"))
		}()
		_, err := g.end(t.Context(), near)
		c.meets(err)
	}
}

// sayer checks a message of the log, and says when there was one.
type sayer struct {
	c    *chapter
	said chan struct{}
}

func (s sayer) Debug(string, ...any)      {}
func (s sayer) Warn(msg string, _ ...any) { s.c.says(msg); close(s.said) }

// logOfAControlSocket is the log of a host whose control socket gets a stranger.
func (c *chapter) logOfAControlSocket(t *testing.T) {
	controlFolder(t)
	h, err := host.Open(t.Context(), host.Config{Name: "hotplug", Dir: t.TempDir(), StateDir: t.TempDir(), Logger: hclog.NewNullLogger()})
	mustDo(t, err)
	defer h.Close()
	log := sayer{c, make(chan struct{})}
	s, err := controlhost.Open(h, controlhost.Options{Name: "hotplug", Dir: "plugins", Logger: log})
	mustDo(t, err)
	defer s.Close()
	stranger, err := net.Dial("unix", socket.Running()[0])
	mustDo(t, err)
	defer stranger.Close()
	stranger.Write([]byte("GET /\n"))
	await(t, log.said, "the refusal to be logged")
}
