package main

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

	"github.com/go-hotplug/hotplug/e2e/internal/leftovers"
	"github.com/go-hotplug/hotplug/host"
)

// The second part: hosts that are killed, one after the other, and what becomes of their plugins.
const (
	kept = "kept" // outlives its host, and counts in memory
	gone = "gone" // ends with it
)

// hostEnv has this program be a host of a folder until it is killed.
const hostEnv = "SOAK_HOST"

// hosts is how many are killed.
const hosts = 50

// A succession is the last line of the second part.
type succession struct {
	Hosts      int      `json:"hosts"`      // that were killed
	CountsLost int      `json:"countsLost"` // times that the count of the plugin which stays did not go on
	Strangers  int      `json:"strangers"`  // times that another process answered, or ran beside it
	Orphans    int      `json:"orphans"`    // processes of the plugin that ends with its host, some time after that
	Left       int      `json:"left"`       // processes after the last host was closed in order
	Examples   []string `json:"examples,omitempty"`
	OK         bool     `json:"ok"`
}

func (s *succession) fails(n *int, format string, args ...any) {
	*n++
	if len(s.Examples) < 5 {
		s.Examples = append(s.Examples, fmt.Sprintf(format, args...))
	}
}

// A sign is what a host prints once it runs.
type sign struct {
	Kept, Gone int    // pids
	Before     uint64 // the count that it found,
	After      uint64 // and the one that it left
}

// playHost is a host until it is killed, or its stdin ends: then it closes in order.
func playHost(dir string) error {
	h, err := host.Open(context.Background(), host.Config{Name: "soak", Dir: filepath.Join(dir, "plugins"), StateDir: filepath.Join(dir, "state"), RuntimeDir: filepath.Join(dir, "run"), Logger: hclog.NewNullLogger()})
	if err != nil {
		return err
	}
	ctx, cancel := context.WithTimeout(context.Background(), patience)
	defer cancel()
	p := h.Plugin(kept)
	found, err := ask.Call(ctx, p, job{})
	var a answer
	for i := uint64(0); i < 10 && err == nil; i++ {
		a, err = add.Call(ctx, p, job{ID: i})
	}
	if err != nil {
		return err
	}
	line, err := json.Marshal(sign{p.Status().PID, h.Plugin(gone).Status().PID, found.Count, a.Count})
	if err != nil {
		return err
	}
	fmt.Println(string(line))
	_, _ = io.Copy(io.Discard, os.Stdin)
	return h.Close()
}

// succeed kills one host after the other.
func succeed() (*succession, error) {
	dir, err := os.MkdirTemp("", "soak")
	if err != nil {
		return nil, err
	}
	defer os.RemoveAll(dir)
	c := &chaos{folder: filepath.Join(dir, "plugins"), records: filepath.Join(dir, "records")}
	if err := c.install(kept, c.manifest(kept, "", members{"disconnect": members{"mode": "keep-alive", "timeout": "1m"}})); err != nil {
		return nil, err
	}
	if err := c.install(gone, c.manifest(gone, "", nil)); err != nil {
		return nil, err
	}
	if err := os.Mkdir(filepath.Join(dir, "run"), 0o700); err != nil {
		return nil, err
	}
	s := &succession{}
	var last sign
	for ; s.Hosts < hosts; s.Hosts++ {
		now, err := s.one(dir, last, s.Hosts > 0)
		if err != nil {
			return nil, err
		}
		last = now
	}
	if err := s.end(dir, last); err != nil {
		return nil, err
	}
	s.OK = s.judged()
	return s, nil
}

func (s *succession) judged() bool {
	return s.Hosts == hosts && s.CountsLost+s.Strangers+s.Orphans+s.Left == 0
}

// orphaned is how long a plugin that ends with its host may take for that.
const orphaned = 10 * time.Second

// one is a host from its start to its death.
func (s *succession) one(dir string, last sign, follows bool) (sign, error) {
	cmd, now, err := startHost(dir)
	if err != nil {
		return now, err
	}
	if follows {
		s.compare(last, now)
	}
	_ = cmd.Process.Kill()
	_ = cmd.Wait()
	records := filepath.Join(dir, "records")
	for deadline := time.Now().Add(orphaned); ; time.Sleep(10 * time.Millisecond) {
		left := leftovers.Running(recordsEnv, filepath.Join(records, gone))
		if len(left) == 0 {
			break
		}
		if time.Now().After(deadline) {
			s.fails(&s.Orphans, "processes %d of a plugin that ends with its host run %s after that", left, orphaned)
			break
		}
	}
	if stay := leftovers.Running(recordsEnv, filepath.Join(records, kept)); len(stay) > 1 {
		s.fails(&s.Strangers, "processes %d run of a plugin that stays", stay)
	}
	return now, nil
}

func (s *succession) compare(last, now sign) {
	if now.Kept != last.Kept {
		s.fails(&s.Strangers, "process %d answers, where %d did before", now.Kept, last.Kept)
	}
	if now.Before != last.After {
		s.fails(&s.CountsLost, "the count is %d, the host before left it at %d", now.Before, last.After)
	}
}

// end is the last host, which is closed in order.
func (s *succession) end(dir string, last sign) error {
	cmd, now, err := startHost(dir)
	if err != nil {
		return err
	}
	s.compare(last, now)
	cmd.Stdin.(io.Closer).Close()
	if err := cmd.Wait(); err != nil {
		return fmt.Errorf("the last host: %w", err)
	}
	for _, pid := range leftovers.Running(recordsEnv, filepath.Join(dir, "records")) {
		s.fails(&s.Left, "process %d runs after Close", pid)
	}
	return nil
}

// startHost starts a host and waits for its sign.
func startHost(dir string) (*exec.Cmd, sign, error) {
	var now sign
	self, err := os.Executable()
	if err != nil {
		return nil, now, err
	}
	read, write, err := os.Pipe()
	if err != nil {
		return nil, now, err
	}
	cmd := exec.Command(self)
	cmd.Env, cmd.Stderr = append(os.Environ(), hostEnv+"="+dir), os.Stderr
	out, err := cmd.StdoutPipe()
	if err != nil {
		return nil, now, err
	}
	cmd.Stdin = read
	if err := cmd.Start(); err != nil {
		return nil, now, err
	}
	read.Close()
	cmd.Stdin = write // its Close is the host's end of file
	line, err := bufio.NewReader(out).ReadBytes('\n')
	if err == nil {
		err = json.Unmarshal(line, &now)
	}
	return cmd, now, err
}
