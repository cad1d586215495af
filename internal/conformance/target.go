package conformance

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"time"

	"github.com/go-hotplug/hotplug/codec"
	"github.com/go-hotplug/hotplug/internal/proc"
	"github.com/go-hotplug/hotplug/internal/wire"
)

// A Target is the program to be tested. Path is required.
type Target struct {
	Path          string   // the executable
	Args          []string // after the program's name
	Env           []string // "KEY=value", on top of PATH, HOME and the like
	Name, Version string   // what its manifest says; empty: the file's name, and none
}

// A process is the target, running.
type process struct {
	proc.Process
	dir            string // of its socket
	socket         string
	startup        *wire.Startup
	stdout, stderr *output
	first          net.Conn // made before the process started; nil if the case dials
}

// output keeps what a process writes.
type output struct {
	mu   sync.Mutex // guards kept
	kept bytes.Buffer
	done chan struct{} // closed when there is no more
}

const keepOutput = 1 << 20

func collect(r io.Reader) *output {
	o := &output{done: make(chan struct{})}
	go func() { // ends with the process, or when its Close closes the pipe
		defer close(o.done)
		_, _ = io.Copy(o, r)
	}()
	return o
}

func (o *output) Write(p []byte) (int, error) {
	o.mu.Lock()
	defer o.mu.Unlock()
	if room := keepOutput - o.kept.Len(); room > 0 {
		o.kept.Write(p[:min(room, len(p))])
	}
	return len(p), nil
}

func (o *output) String() string {
	o.mu.Lock()
	defer o.mu.Unlock()
	return o.kept.String()
}

// environment is what a program finds, with more on top.
func (t *Target) environment(more ...string) []string {
	var env []string
	for _, name := range []string{"PATH", "HOME", "USER", "LOGNAME", "SHELL", "LANG", "TZ", "TMPDIR", "TEMP", "TMP", "SYSTEMROOT", "WINDIR", "USERPROFILE", "LOCALAPPDATA", "PATHEXT", "COMSPEC"} {
		if v, ok := os.LookupEnv(name); ok {
			env = append(env, name+"="+v)
		}
	}
	return append(append(env, t.Env...), more...)
}

// launch starts the target for a case. The caller calls end.
func (t *Target) launch(c *Case, s codec.Serializer) (*process, error) {
	path, err := filepath.Abs(t.Path)
	if err != nil {
		return nil, err
	}
	dir, err := os.MkdirTemp("", "hp") // short: it becomes a part of the socket's path
	if err != nil {
		return nil, err
	}
	p := &process{dir: dir, socket: filepath.Join(dir, "s")}
	spec := proc.Spec{Path: path, Args: t.Args, Env: t.environment(), Dir: filepath.Dir(path), Shutdown: true}
	if err := p.prepare(t, c, s, &spec); err != nil {
		os.RemoveAll(dir)
		return nil, err
	}
	p.Process, err = proc.OS.Start(spec)
	if spec.Listener != nil {
		spec.Listener.Close()
	}
	if err != nil {
		p.forget()
		return nil, err
	}
	p.stdout, p.stderr = collect(p.Stdout()), collect(p.Stderr())
	return p, nil
}

// prepare makes what the process inherits.
func (p *process) prepare(t *Target, c *Case, s codec.Serializer, spec *proc.Spec) (err error) {
	p.startup = t.startup(c, s, p.socket)
	if c.Start.Mode == "describe" {
		spec.Env = append(spec.Env, wire.DescribeEnv+"=1")
	}
	if c.Start.Mode != "" {
		return nil
	}
	if proc.Inherits && !c.Start.Listen {
		p.startup.Listener = 3
		if spec.Listener, p.first, err = p.listen(c.dialsItself()); err != nil {
			return err
		}
	}
	if spec.Startup, err = p.startup.Encode(); err != nil {
		return err
	}
	if c.Start.Data != "" {
		spec.Startup = []byte(c.Start.Data)
	}
	return nil
}

func (p *process) listen(dial bool) (*os.File, net.Conn, error) {
	l, err := net.ListenUnix("unix", &net.UnixAddr{Name: p.socket, Net: "unix"})
	if err != nil {
		return nil, nil, err
	}
	defer l.Close()
	l.SetUnlinkOnClose(false)
	file, err := l.File()
	if err != nil || !dial {
		return file, nil, err
	}
	c, err := net.Dial("unix", p.socket)
	return file, c, err
}

func (t *Target) startup(c *Case, s codec.Serializer, socket string) *wire.Startup {
	name := t.Name
	if name == "" {
		name = filepath.Base(t.Path)
	}
	up := &wire.Startup{
		Hotplug: []int{wire.Version}, Socket: socket, Serializer: s.Name(), Token: wire.NewSecret(), Answer: wire.NewSecret(),
		Plugin:   wire.Identity{Name: name, Version: t.Version},
		Host:     wire.HostInfo{Name: "conformance", Version: "1.0.0", PID: os.Getpid(), ID: wire.NewSecret()[:32]},
		Timeouts: wire.Timeouts{Start: 10_000, Call: 10_000, Stop: 3000, HostConnect: 20_000, Handshake: 5000},
		Limits:   c.Start.Limits.WithDefaults(),
		LogLevel: "info", Disconnect: wire.Disconnect{Mode: "shutdown"},
	}
	if c.Start.Serializer != "" {
		up.Serializer = c.Start.Serializer
	}
	if c.Start.HostConnect > 0 {
		up.Timeouts.HostConnect = c.Start.HostConnect
	}
	if c.Start.Handshake > 0 {
		up.Timeouts.Handshake = c.Start.Handshake
	}
	return up
}

// dial connects to the process; one that has to listen by itself gets the time to.
func (p *process) dial(ctx context.Context) (net.Conn, error) {
	end := time.Now().Add(startTime)
	for {
		c, err := net.Dial("unix", p.socket)
		if err == nil || time.Now().After(end) {
			return c, err
		}
		select {
		case <-time.After(20 * time.Millisecond):
		case <-p.Done():
			return nil, fmt.Errorf("it ended before it listened: %s%s", p.Exit(), p.words())
		case <-ctx.Done():
			return nil, ctx.Err()
		}
	}
}

// words is what the process said last, for a sentence.
func (p *process) words() string {
	lines := strings.Split(strings.TrimSpace(p.stderr.String()), "\n")
	if last := lines[len(lines)-1]; last != "" {
		return "; its stderr ends with: " + clip(last)
	}
	return ""
}

// end kills what is left of the process, and removes its traces.
func (p *process) end() {
	_ = p.Kill()
	<-p.Done()
	p.Close()
	p.forget()
}

func (p *process) forget() {
	if p.first != nil {
		p.first.Close()
	}
	os.RemoveAll(p.dir)
}

// description is what of a plugin's description the runner looks at.
type description struct {
	Hotplug    []int          `json:"hotplug"`
	Serializer string         `json:"serializer"`
	Handles    []wire.Message `json:"handles"`
	Uses       []wire.Message `json:"uses"`
}

var errNotDescribed = errors.New("it prints no description, which is optional")

// parseDescription reads what a program printed with HOTPLUG_DESCRIBE=1.
func parseDescription(text string) (*description, error) {
	if strings.TrimSpace(text) == "" {
		return nil, errNotDescribed
	}
	var d description
	if err := json.Unmarshal([]byte(text), &d); err != nil {
		return nil, fmt.Errorf("want one JSON object on stdout, found %s: %w", show(text), err)
	}
	if len(d.Hotplug) == 0 || d.Handles == nil {
		return nil, fmt.Errorf("want the keys \"hotplug\" and \"handles\" in the description, found %s", show(text))
	}
	return &d, nil
}
