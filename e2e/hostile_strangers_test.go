//go:build linux

package e2e_test

import (
	"bytes"
	"maps"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/go-hotplug/hotplug/e2e/internal/faults"
	"github.com/go-hotplug/hotplug/internal/asroot"
	"github.com/go-hotplug/hotplug/internal/wire"
)

func TestAPluginTurnsStrangersAwayAndTakesItsHost(t *testing.T) {
	for _, s := range faults.Strangers {
		t.Run(s.Name, func(t *testing.T) {
			w := newVictim(t, "MessagePackSerializer")
			before := residentNow(t, w)
			watched := watchGrowth(t, w, before)
			const times = 12 // more than it greets at once
			var open []net.Conn
			for range times {
				c := w.dial()
				open = append(open, c)
				go s.Greet(c)
			}
			stream, hello, err := w.connect(nil)
			if err != nil || !wire.SameSecret(hello.Answer, w.startup.Answer) {
				t.Fatalf("the host: %+v, %v", hello, err)
			}
			for _, c := range open {
				if _, err := wire.ReadPluginHello(wire.NewReader(c)); err == nil {
					t.Error("a stranger is welcome")
				}
			}
			faults.NewPeer(stream, w.startup.Serializer, siegeLimits).Leave()
			w.exits(10*time.Second, 0)
			w.nothingStays()
			if n := strings.Count(w.stderr.String(), s.Rule); n == 0 || n > times { // it may leave before it has said it of all
				t.Errorf("the plugin says %d times %q, of %d strangers; the last line: %s", n, s.Rule, times, lastLine(w.stderr))
			}
			r := faults.Record{Side: "host", Fault: "a stranger who says: " + s.Name, Times: times, Rule: s.Rule, After: "serves its host", Bytes: watched(), Bound: faults.Bound(siegeLimits)}
			if r.Bytes > r.Bound {
				t.Errorf("the plugin grew by %d bytes, want at most %d", r.Bytes, r.Bound)
			}
			writeRecord(t, r)
		})
	}
}

// residentNow is what a worker has in memory once it listens.
func residentNow(t *testing.T, w *worker) int64 {
	t.Helper()
	w.dial().Close()
	now, _ := resident(t, w.cmd.Process.Pid)
	return now
}

// nobody is the user that owns nothing.
const nobody = 65534

// TestAPluginTurnsAnotherUserAway needs root, to become somebody else.
func TestAPluginTurnsAnotherUserAway(t *testing.T) {
	asroot.Need(t, "only root can connect as another user")
	w := newVictim(t, "MessagePackSerializer")
	w.dial().Close()
	dir := filepath.Dir(w.startup.Socket)
	mustDo(t, os.Chmod(dir, 0o711))
	if said := connectAs(t, nobody, w.startup.Socket); !strings.Contains(said, "permission denied") {
		t.Errorf("the socket lets another user in: %q", said)
	}
	mustDo(t, os.Chmod(w.startup.Socket, 0o777)) // as a careless umask would
	if said := connectAs(t, nobody, w.startup.Socket); !strings.Contains(said, "EOF") && !strings.Contains(said, "reset") {
		t.Errorf("another user is answered: %q", said)
	}
	if _, err := w.greet(nil); err != nil {
		t.Errorf("the host: %v", err)
	}
	mustDo(t, w.cmd.Process.Signal(syscall.SIGTERM))
	w.exits(10*time.Second, 0, "user 65534 (process ", ") is neither root nor user 0, whom this plugin runs as")
	w.nothingStays()
	writeRecord(t, faults.Record{Side: "host", Fault: "a stranger who is another user, with and without a way to the socket", Times: 2,
		Rule: "user N (process N) is neither root nor user N, whom this plugin runs as", After: "serves its host", Bytes: -1})
}

// connectAs connects to a socket as another user, and returns what came of it.
func connectAs(t *testing.T, uid uint32, socket string) string {
	t.Helper()
	program, err := os.ReadFile(filepath.Join(binaries, "hostile"))
	mustDo(t, err)
	dir, err := os.MkdirTemp("", "stranger")
	mustDo(t, err)
	defer os.RemoveAll(dir)
	mustDo(t, os.Chmod(dir, 0o755))
	path := filepath.Join(dir, "hostile")
	mustDo(t, os.WriteFile(path, program, 0o755))
	cmd := exec.Command(path)
	cmd.Env = []string{faults.EnvDial + "=" + socket}
	cmd.SysProcAttr = &syscall.SysProcAttr{Credential: &syscall.Credential{Uid: uid, Gid: uid}}
	said, err := cmd.CombinedOutput()
	mustDo(t, err)
	return string(said)
}

func TestAPluginWithstandsStartUpDataOfEveryForm(t *testing.T) {
	line := `{"hotplug":[1],"socket":"SOCKET","serializer":"MessagePackSerializer","token":"t","answer":"a","plugin":{"name":"victim"},"host":{"name":"h"},` +
		`"timeouts":{"hostConnect":20000},"limits":{},"disconnect":{"mode":"shutdown"}`
	tests := map[string]struct {
		text string
		says string // empty: it starts
	}{
		"a certificate where none belongs":          {line + `,"certificate":"MIIBtTCCARugAwIBAg==","token2":"t"}`, ""},
		"a token that is no text":                   {strings.Replace(line, `"token":"t"`, `"token":["t"]`, 1) + "}", "start-up data: expected one JSON object"},
		"a certificate in the token's place":        {strings.Replace(line, `"token":"t"`, `"certificate":"t"`, 1) + "}", "start-up data: token is missing"},
		"limits that are negative, or no numbers":   {strings.Replace(line, `"limits":{}`, `"limits":{"frame":"16MiB"}`, 1) + "}", "start-up data: expected one JSON object"},
		"the start-up line of another library":      {"1|1|unix|/tmp/plugin|grpc|MIIBtTCCARugAwIBAg==", "start-up data: expected one JSON object"},
		"a line that is nested 10,000 deep":         {strings.Repeat("[", 10_000), "start-up data: expected one JSON object"},
		"the descriptor of an outer plugin's line":  {"fd:77", "lifeline: descriptor 77 was not inherited"},
		"a listener that an outer plugin inherited": {strings.Replace(line, `"serializer"`, `"listener":77,"serializer"`, 1) + "}", "listener: descriptor 77 was not inherited"},
	}
	for _, name := range slices.Sorted(maps.Keys(tests)) {
		test := tests[name]
		t.Run(name, func(t *testing.T) {
			socket := filepath.Join(t.TempDir(), "s")
			w := &worker{t: t, stderr: &bytes.Buffer{}, ended: make(chan struct{}), startup: &wire.Startup{Socket: socket, Serializer: "MessagePackSerializer", Token: "t", Plugin: wire.Identity{Name: "victim"}}}
			w.start([]string{wire.StartupEnv + "=" + strings.ReplaceAll(test.text, "SOCKET", socket)})
			r := faults.Record{Side: "host", Fault: "start-up data: " + name, Times: 1, Rule: test.says, After: "exit 65", Bytes: -1}
			if test.says == "" {
				if _, err := w.greet(nil); err != nil {
					t.Error(err)
				}
				r.After = "serves its host"
			} else {
				w.exits(10*time.Second, 65, test.says)
				w.nothingStays()
			}
			writeRecord(t, r)
		})
	}
}
