package main

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"time"

	"github.com/go-hotplug/hotplug/e2e/internal/leftovers"
	"github.com/go-hotplug/hotplug/e2e/internal/succession"
	"github.com/go-hotplug/hotplug/rpc"
)

// The second part: hosts that are killed, one after the other, and what becomes of their plugins.
const (
	kept = "kept" // outlives its host, and counts in memory
	gone = "gone" // ends with it
)

// hosts is how many are killed.
const hosts = 50

// successions are the last line of the second part.
type successions struct {
	Hosts      int      `json:"hosts"`      // that were killed
	CountsLost int      `json:"countsLost"` // times that the count of the plugin which stays did not go on
	Strangers  int      `json:"strangers"`  // times that another process answered, or ran beside it
	Orphans    int      `json:"orphans"`    // processes of the plugin that ends with its host, some time after that
	Left       int      `json:"left"`       // processes after the last host was closed in order
	Examples   []string `json:"examples,omitempty"`
	OK         bool     `json:"ok"`
}

func (s *successions) fails(n *int, format string, args ...any) {
	*n++
	if len(s.Examples) < 5 {
		s.Examples = append(s.Examples, fmt.Sprintf(format, args...))
	}
}

// counts has a plugin count ten further.
func counts(ctx context.Context, p rpc.Peer) (before, after uint64, err error) {
	a, err := ask.Call(ctx, p, job{})
	before = a.Count
	for i := uint64(0); i < 10 && err == nil; i++ {
		a, err = add.Call(ctx, p, job{ID: i})
	}
	return before, a.Count, err
}

// succeed kills one host after the other.
func succeed() (*successions, error) {
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
	s := &successions{}
	var last succession.Sign
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

func (s *successions) judged() bool {
	return s.Hosts == hosts && s.CountsLost+s.Strangers+s.Orphans+s.Left == 0
}

// orphaned is how long a plugin that ends with its host may take for that.
const orphaned = 10 * time.Second

// one is a host from its start to its death.
func (s *successions) one(dir string, last succession.Sign, follows bool) (succession.Sign, error) {
	h, err := succession.Start(dir)
	if err != nil {
		return last, err
	}
	if follows {
		s.compare(last, h.Sign)
	}
	h.Kill()
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
	return h.Sign, nil
}

func (s *successions) compare(last, now succession.Sign) {
	if now.PIDs[kept] != last.PIDs[kept] {
		s.fails(&s.Strangers, "process %d answers, where %d did before", now.PIDs[kept], last.PIDs[kept])
	}
	if now.Before != last.After {
		s.fails(&s.CountsLost, "the count is %d, the host before left it at %d", now.Before, last.After)
	}
}

// end is the last host, which is closed in order.
func (s *successions) end(dir string, last succession.Sign) error {
	h, err := succession.Start(dir)
	if err != nil {
		return err
	}
	s.compare(last, h.Sign)
	if err := h.Close(); err != nil {
		return fmt.Errorf("the last host: %w", err)
	}
	for _, pid := range leftovers.Running(recordsEnv, filepath.Join(dir, "records")) {
		s.fails(&s.Left, "process %d runs after Close", pid)
	}
	return nil
}
