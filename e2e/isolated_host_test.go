//go:build linux

package e2e_test

import (
	"bufio"
	"encoding/json"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"
)

// A nodeHost is a host of the library, played by host.mjs.
type nodeHost struct {
	t      *testing.T
	cmd    *exec.Cmd
	out    *bufio.Scanner
	socket string
}

// drive starts a host in Node that drives the plugin handyman.
func (s *site) drive(mode string) *nodeHost {
	s.t.Helper()
	n := &nodeHost{t: s.t, socket: filepath.Join(s.runtime, "s")}
	n.cmd = exec.Command(needsNode(s.t), "testdata/isolated-workers/host.mjs", mode, filepath.Join(binaries, "handyman"), n.socket)
	n.cmd.Stderr = os.Stderr
	n.cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true}
	out, err := n.cmd.StdoutPipe()
	if err == nil {
		err = n.cmd.Start()
	}
	if err != nil {
		s.t.Fatal(err)
	}
	n.out = bufio.NewScanner(out)
	s.mu.Lock()
	s.groups = append(s.groups, n.cmd.Process.Pid)
	s.mu.Unlock()
	late := time.AfterFunc(time.Minute, func() { _ = n.cmd.Process.Kill() })
	s.t.Cleanup(func() {
		late.Stop()
		_ = n.cmd.Process.Kill()
		_ = n.cmd.Wait()
	})
	return n
}

// said is what the host says of the things that it has tried.
func (n *nodeHost) said() map[string]string {
	all := map[string]string{}
	for n.out.Scan() {
		var line struct {
			What  string
			Value json.RawMessage
		}
		if err := json.Unmarshal(n.out.Bytes(), &line); err != nil {
			n.t.Fatalf("%s: %v", n.out.Text(), err)
		}
		all[line.What] = string(line.Value)
	}
	return all
}

func TestAHostOfTheLibraryDrivesAPluginOfThisProject(t *testing.T) {
	for _, mode := range []string{"data", "legacy"} {
		t.Run(mode, func(t *testing.T) {
			s := newSite(t)
			n := s.drive(mode)
			got := n.said()
			for what, want := range map[string]string{
				"add": `{"sum":42}`, "void": `"undefined"`, "null": `null`, "text": `true`, "thousand": `true`, "notices": `100`,
				"fail":    `{"message":"boom","name":"InteropError","stack":"string","code":"E_FAIL"}`,
				"unknown": `{"message":"Unknown message type: handy.lost","name":"Error","stack":"string","code":"undefined"}`,
				"notice":  `{"message":"negative","name":"*errors.errorString","stack":"string","code":"undefined"}`,
				"upwards": `{"message":"handy.fail: the host speaks isolated-workers/1, in which a plugin answers calls and makes none","name":"Error","stack":"string","code":"Unimplemented"}`,
			} {
				if got[what] != want {
					t.Errorf("%s: got %s, want %s", what, got[what], want)
				}
			}
			if !strings.HasPrefix(got["exit"], `{"code":0,`) || strings.Count(got["exit"], "corrupt frame dropped") != 2 {
				t.Errorf("it ended with %s, want exit code 0 and two malformed lines logged", got["exit"])
			}
			if _, err := os.Stat(n.socket); !os.IsNotExist(err) {
				t.Errorf("the socket is left: %v", err)
			}
		})
	}
}

func TestAPluginSaysTheLibrarysSentenceWhenSerializersDiffer(t *testing.T) {
	s := newSite(t)
	got := s.drive("mismatch").said()["exit"]
	const want = `Serializer mismatch: host uses MsgpackSerializer, worker uses JsonSerializer. Ensure both client and server use the same serializer class.`
	if !strings.HasPrefix(got, `{"code":1,`) || !strings.Contains(got, want) {
		t.Errorf("%s", got)
	}
}

func TestWhenAHostOfTheLibraryIsKilledThePluginIsGone(t *testing.T) {
	s := newSite(t)
	n := s.drive("die")
	var line struct{ Value int }
	if !n.out.Scan() || json.Unmarshal(n.out.Bytes(), &line) != nil || !alive(line.Value) {
		t.Fatalf("the plugin does not run: %s", n.out.Text())
	}
	start := time.Now()
	mustDo(t, n.cmd.Process.Kill())
	until(t, 10*time.Second, "gone", func() bool { return !alive(line.Value) })
	t.Logf("the plugin was gone %s after its host", time.Since(start).Round(time.Millisecond))
	if _, err := os.Stat(n.socket); !os.IsNotExist(err) {
		t.Errorf("the socket is left: %v", err)
	}
}
