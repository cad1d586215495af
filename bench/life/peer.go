package life

import (
	"context"
	"fmt"
	"net"
	"os"
	"os/exec"
	"path/filepath"
)

// A peer is one way to have plugins.
type peer struct {
	name    string
	program string // what its smallest plugin is
	launch  func(ctx context.Context, w *world, program string) (*server, error)
}

// A server is a plugin that runs.
type server struct {
	pid  int
	echo func(ctx context.Context, data []byte) ([]byte, error)
	end  func() error // ends the process, and returns when it has ended
}

// bare is the peer that others are held against.
const bare = "bare socket"

// peers are all that are compared, the least first.
var peers = []peer{
	{bare, "bare", launchBare},
	{"net/rpc", "netrpc", launchNetRPC},
	{"ttrpc", "ttrpc", launchTTRPC},
	{"go-plugin net/rpc", "pluginrpc", launchPluginRPC},
	{"go-plugin gRPC", "plugingrpc", launchPluginGRPC},
	{"go-plugin gRPC AutoMTLS", "plugingrpc", launchPluginMTLS},
	{"hotplug", "hotplug", launchHotplug},
}

// payload is what is echoed.
var payload = make([]byte, 64)

// answers makes one call and checks what comes back.
func (s *server) answers(ctx context.Context) error {
	got, err := s.echo(ctx, payload)
	if err == nil && len(got) != len(payload) {
		err = fmt.Errorf("an echo of %d bytes has %d", len(payload), len(got))
	}
	return err
}

// A child is a process that inherits a listening socket, and a connection to it.
type child struct {
	cmd  *exec.Cmd
	conn *net.UnixConn
}

// startChild dials before the process can have got as far as to accept: the kernel keeps the connection for it.
func startChild(w *world, program string) (*child, error) {
	dir, err := w.fresh()
	if err != nil {
		return nil, err
	}
	defer os.RemoveAll(dir)
	l, err := net.ListenUnix("unix", &net.UnixAddr{Name: filepath.Join(dir, "s"), Net: "unix"})
	if err != nil {
		return nil, err
	}
	defer l.Close()
	file, err := l.File()
	if err != nil {
		return nil, err
	}
	defer file.Close()
	c := &child{cmd: exec.Command(program)}
	c.cmd.ExtraFiles = []*os.File{file}
	if err := c.cmd.Start(); err != nil {
		return nil, err
	}
	if c.conn, err = net.DialUnix("unix", nil, l.Addr().(*net.UnixAddr)); err != nil {
		c.end()
		return nil, err
	}
	return c, nil
}

// end is for programs that have nothing to lose.
func (c *child) end() error {
	if c.conn != nil {
		c.conn.Close()
	}
	if err := c.cmd.Process.Kill(); err != nil {
		return err
	}
	_ = c.cmd.Wait() // "signal: killed"
	return nil
}
