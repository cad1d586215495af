//go:build linux

package e2e_test

import (
	"bytes"
	"encoding/json"
	"io"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/go-hotplug/hotplug/internal/wire"
	"github.com/go-hotplug/hotplug/rpc"
)

// A worker is a plugin whose host is the test itself, byte by byte.
type worker struct {
	t       *testing.T
	cmd     *exec.Cmd
	startup *wire.Startup
	stderr  *bytes.Buffer // to be read once the process has ended
	ended   chan struct{}
	files   []*os.File // descriptors from 3 on
}

// byHand starts a plugin without a host. What it reads as start-up data can be changed first.
func byHand(t *testing.T, binary string, change func(*wire.Startup), env ...string) *worker {
	t.Helper()
	dir, err := os.MkdirTemp("", "e2e")
	if err != nil {
		t.Fatal(err)
	}
	w := &worker{t: t, stderr: &bytes.Buffer{}, ended: make(chan struct{}), startup: &wire.Startup{
		Hotplug: []int{wire.Version}, Socket: filepath.Join(dir, "s"), Serializer: "MessagePackSerializer", Token: wire.NewSecret(), Answer: wire.NewSecret(),
		Plugin: wire.Identity{Name: binary}, Host: wire.HostInfo{Name: "test", PID: os.Getpid(), ID: "test"}, Limits: wire.Limits{}.WithDefaults(),
		Timeouts: wire.Timeouts{Stop: 1000, HostConnect: 20_000, Handshake: 1000}, Disconnect: wire.Disconnect{Mode: "shutdown"},
	}}
	if change != nil {
		change(w.startup)
	}
	line, err := w.startup.Encode()
	if err != nil {
		t.Fatal(err)
	}
	w.start(append(env, wire.StartupEnv+"="+strings.TrimSpace(string(line)), "PATH="+os.Getenv("PATH")))
	t.Cleanup(func() { os.RemoveAll(dir) })
	return w
}

func (w *worker) start(env []string) {
	w.t.Helper()
	w.cmd = exec.Command(filepath.Join(binaries, w.startup.Plugin.Name))
	w.cmd.Env, w.cmd.Stderr, w.cmd.ExtraFiles = env, w.stderr, w.files
	if err := w.cmd.Start(); err != nil {
		w.t.Fatal(err)
	}
	go func() { defer close(w.ended); _ = w.cmd.Wait() }()
	w.t.Cleanup(func() { _ = w.cmd.Process.Kill(); <-w.ended })
}

// exits waits for the end, and checks code and stderr.
func (w *worker) exits(limit time.Duration, code int, parts ...string) {
	w.t.Helper()
	select {
	case <-w.ended:
	case <-time.After(limit):
		w.t.Fatalf("it runs after %s", limit)
	}
	if got := w.cmd.ProcessState.ExitCode(); got != code {
		w.t.Errorf("exit code %d, want %d; stderr:\n%s", got, code, w.stderr)
	}
	says(w.t, textError(w.stderr.String()), parts...)
}

// dial connects as soon as the plugin listens.
func (w *worker) dial() net.Conn {
	w.t.Helper()
	var c net.Conn
	until(w.t, 10*time.Second, "listening", func() bool {
		var err error
		c, err = net.Dial("unix", w.startup.Socket)
		return err == nil
	})
	w.t.Cleanup(func() { c.Close() })
	_ = c.SetDeadline(time.Now().Add(20 * time.Second))
	return c
}

// greet says hello as a host does, and returns what the plugin answers.
func (w *worker) greet(change func(*wire.HostHello)) (*wire.PluginHello, error) {
	w.t.Helper()
	_, hello, err := w.connect(change)
	return hello, err
}

// connect is greet, and returns the connection too.
func (w *worker) connect(change func(*wire.HostHello)) (*wire.Stream, *wire.PluginHello, error) {
	w.t.Helper()
	c := wire.NewStream(w.dial())
	hello := &wire.HostHello{
		Hotplug: []int{wire.Version}, Serializer: w.startup.Serializer, Token: w.startup.Token, Host: w.startup.Host, Limits: w.startup.Limits,
	}
	if change != nil {
		change(hello)
	}
	if err := wire.WriteLine(c, hello); err != nil {
		return nil, nil, err
	}
	answer, err := wire.ReadPluginHello(c.Reader)
	return c, answer, err
}

func TestAPluginStartedByHandExplainsItselfAndExits64(t *testing.T) {
	for _, name := range []string{"counter", "markdown"} {
		w := &worker{t: t, stderr: &bytes.Buffer{}, ended: make(chan struct{}), startup: &wire.Startup{Plugin: wire.Identity{Name: name}}}
		w.start(nil)
		w.exits(10*time.Second, 64, name, "is a plugin", "hotplug host launches", "plugin.json", "HOTPLUG_DESCRIBE=1")
	}
}

func TestAPluginDescribesItselfAsJSONAndExits0(t *testing.T) {
	cmd := exec.Command(filepath.Join(binaries, "markdown"))
	cmd.Env = []string{wire.DescribeEnv + "=1"}
	out, err := cmd.Output()
	if err != nil {
		t.Fatal(err)
	}
	var d struct {
		Name, Version string
		Hotplug       []int
		Handles       []struct {
			Name, Kind    string
			PayloadSchema json.RawMessage
		}
	}
	if err := json.Unmarshal(out, &d); err != nil {
		t.Fatalf("%v in %s", err, out)
	}
	if d.Name != "markdown" || d.Version == "" || len(d.Hotplug) != 1 || len(d.Handles) != 1 || d.Handles[0].Name != "markdown.render" || d.Handles[0].Kind != "query" || len(d.Handles[0].PayloadSchema) == 0 {
		t.Errorf("description %+v", d)
	}
}

func TestAPluginWhoseHostNeverConnectsExits69(t *testing.T) {
	w := byHand(t, "counter", func(s *wire.Startup) { s.Timeouts.HostConnect = 300 })
	w.exits(3*time.Second, 69, "no host connected within 300ms (hostConnect)", "start this plugin through its host")
}

func TestAPluginThatHasNotTheHostsSerializerExits78AtOnce(t *testing.T) {
	w := byHand(t, "oddity", nil, "ODDITY=json")
	w.exits(5*time.Second, 78, "serializer mismatch: host uses MessagePackSerializer, plugin uses JsonSerializer")
	w = byHand(t, "counter", func(s *wire.Startup) { s.Serializer = "MoonSerializer" })
	w.exits(5*time.Second, 78, "serializer mismatch: host uses MoonSerializer, plugin uses MessagePackSerializer")
}

func TestAPluginThatCannotReadItsStartupDataExits65(t *testing.T) {
	for text, parts := range map[string][]string{
		"{}":      {"start-up data", "is missing"},
		"garbage": {"start-up data", "expected one JSON object", "garbage"},
		"fd:77":   {wire.StartupEnv, "descriptor 77 was not inherited", "if you started this by hand, the variable is left from another plugin: unset it"},
		"fd:4":    {wire.StartupEnv, "descriptor 4 was not inherited", "unset it, and have a host start this one", "leave descriptors 3 and 4 open"}, // the runtime of Go may have a file there
		"fd:x":    {wire.StartupEnv, "expected fd:N", "fd:x"},
	} {
		w := &worker{t: t, stderr: &bytes.Buffer{}, ended: make(chan struct{}), startup: &wire.Startup{Plugin: wire.Identity{Name: "counter"}}}
		w.start([]string{wire.StartupEnv + "=" + text})
		w.exits(5*time.Second, 65, parts...)
	}
}

func TestAPluginRefusesAHostInASentenceAndTakesTheRightOne(t *testing.T) {
	tests := map[string]struct {
		change func(*wire.HostHello)
		says   []string
	}{
		"that offers no version in common": {func(h *wire.HostHello) { h.Hotplug = []int{8, 9} }, []string{"protocol mismatch", "host offers 8", "9", "plugin speaks 1", "rebuild the plugin"}},
		"with another token":               {func(h *wire.HostHello) { h.Token = wire.NewSecret() }, []string{"wrong token", "another host"}},
		"without a token":                  {func(h *wire.HostHello) { h.Token = "" }, []string{"wrong token"}},
		"with another serializer":          {func(h *wire.HostHello) { h.Serializer = "JsonSerializer" }, []string{"serializer mismatch: host uses JsonSerializer, plugin uses MessagePackSerializer"}},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			w := byHand(t, "counter", nil)
			_, err := w.greet(test.change)
			says(t, err, test.says...)
			hello, err := w.greet(nil)
			if err != nil || !wire.SameSecret(hello.Answer, w.startup.Answer) {
				t.Errorf("the right host: %+v, %v", hello, err)
			}
		})
	}
}

func TestAPluginRefusesAHostThatHasNotWhatItUses(t *testing.T) {
	w := byHand(t, "oddity", nil, "ODDITY=uses")
	_, err := w.greet(nil)
	says(t, err, `"host.makeCoffee"`, "not handled")
}

func TestAPluginHangsUpOnGarbageAndOnAHostThatTakesTooLong(t *testing.T) {
	w := byHand(t, "counter", nil)
	c := w.dial()
	if _, err := c.Write([]byte("GET / HTTP/1.1\r\n\r\n")); err != nil {
		t.Fatal(err)
	}
	_, err := wire.ReadPluginHello(wire.NewReader(c))
	says(t, err, "expected a handshake line of JSON", "GET /")
	slow := w.dial()
	start := time.Now()
	_, err = io.Copy(io.Discard, slow) // says nothing: the handshake time-out of this plugin is 1 s
	if took := time.Since(start); err != nil || took > 10*time.Second {
		t.Errorf("a silent host was hung up on after %s, %v", took, err)
	}
	if _, err := w.greet(nil); err != nil {
		t.Errorf("the right host: %v", err)
	}
}

func TestTheSameHostMayConnectAgain(t *testing.T) {
	w := byHand(t, "counter", nil)
	for range 3 {
		if _, err := w.greet(nil); err != nil {
			t.Fatal(err)
		}
	}
}

func another(h *wire.HostHello) { h.Host.ID = "another" }

func TestAnotherHostIsToldThatThePluginIsBusyWhileTheFirstIsThere(t *testing.T) {
	w := byHand(t, "counter", nil)
	c, _, err := w.connect(nil)
	if err != nil {
		t.Fatal(err)
	}
	first := rpc.NewConn(t.Context(), c, rpc.Options{}) // it answers pings
	defer first.Close()
	_, err = w.greet(another)
	says(t, err, "busy: another host is connected to this plugin")
	if got, err := counterAdd.Call(t.Context(), first, delta{By: 3}); err != nil || got.Value != 3 {
		t.Errorf("the first host: %d, %v", got.Value, err)
	}
}

func TestAnotherHostIsServedIfTheFirstAnswersNoPing(t *testing.T) {
	w := byHand(t, "counter", func(s *wire.Startup) { s.Timeouts.Handshake = 10_000 }) // a second of it goes to the ping
	if _, err := w.greet(nil); err != nil {
		t.Fatal(err)
	}
	if _, err := w.greet(another); err != nil {
		t.Errorf("another host: %v", err)
	}
}

func TestAPluginLeavesOnSIGTERMBeforeAnyHostConnected(t *testing.T) {
	w := byHand(t, "counter", nil)
	_, err := w.greet(func(h *wire.HostHello) { h.Token = "" })
	says(t, err, "wrong token") // it accepts connections, and has no host
	if err := w.cmd.Process.Signal(syscall.SIGTERM); err != nil {
		t.Fatal(err)
	}
	w.exits(5*time.Second, 0)
}
