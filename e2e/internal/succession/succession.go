package succession

import (
	"bufio"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"time"

	"github.com/hashicorp/go-hclog"

	"github.com/go-hotplug/hotplug/host"
	"github.com/go-hotplug/hotplug/rpc"
)

// Env names the folder of a host that this process is to play: plugins, state and run are in it.
const Env = "SUCCESSION_HOST"

// patience is how long a host may take until its plugins have answered.
const patience = time.Minute

// A Sign is what a host prints once its plugins have answered.
type Sign struct {
	PIDs   map[string]int `json:"pids"`   // by plugin
	Before uint64         `json:"before"` // the count that the first of them had,
	After  uint64         `json:"after"`  // and the one that it was left with
}

// Play is a host until it is killed, or its stdin ends: then it closes in order. count has the first of the plugins count.
func Play(dir string, plugins []string, count func(context.Context, rpc.Peer) (before, after uint64, err error)) error {
	h, err := host.Open(context.Background(), host.Config{
		Name: "succession", Dir: filepath.Join(dir, "plugins"), StateDir: filepath.Join(dir, "state"), RuntimeDir: filepath.Join(dir, "run"), Logger: hclog.NewNullLogger(),
	})
	if err != nil {
		return err
	}
	ctx, cancel := context.WithTimeout(context.Background(), patience)
	defer cancel()
	s := Sign{PIDs: map[string]int{}}
	if s.Before, s.After, err = count(ctx, h.Plugin(plugins[0])); err != nil {
		return err
	}
	for _, name := range plugins {
		s.PIDs[name] = h.Plugin(name).Status().PID
	}
	line, err := json.Marshal(s)
	if err != nil {
		return err
	}
	fmt.Println(string(line))
	_, _ = io.Copy(io.Discard, os.Stdin)
	return h.Close()
}

// A Host is a process that plays one. It is used by one goroutine.
type Host struct {
	Sign
	cmd   *exec.Cmd
	stdin *os.File
}

// Start starts a host and waits for its sign. An error that comes later than its process has killed it.
func Start(dir string) (*Host, error) {
	self, err := os.Executable()
	if err != nil {
		return nil, err
	}
	read, write, err := os.Pipe()
	if err != nil {
		return nil, err
	}
	defer read.Close()
	h := &Host{cmd: exec.Command(self), stdin: write}
	h.cmd.Env, h.cmd.Stdin, h.cmd.Stderr = append(os.Environ(), Env+"="+dir), read, os.Stderr
	out, err := h.cmd.StdoutPipe()
	if err == nil {
		err = h.cmd.Start()
	}
	if err != nil {
		write.Close()
		return nil, err
	}
	line, err := bufio.NewReader(out).ReadBytes('\n')
	if err == nil {
		err = json.Unmarshal(line, &h.Sign)
	}
	if err != nil {
		h.Kill()
		return nil, fmt.Errorf("a host in %s gave no sign: %w", dir, err)
	}
	return h, nil
}

// Kill ends it by SIGKILL, and waits for that.
func (h *Host) Kill() {
	_ = h.cmd.Process.Kill()
	_ = h.cmd.Wait()
	h.stdin.Close()
}

// Close has it close in order, and waits for that.
func (h *Host) Close() error {
	h.stdin.Close()
	return h.cmd.Wait()
}
