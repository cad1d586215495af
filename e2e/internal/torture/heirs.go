//go:build linux

package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"syscall"
	"time"

	"github.com/go-hotplug/hotplug/e2e/internal/leftovers"
	"github.com/go-hotplug/hotplug/e2e/internal/succession"
	"github.com/go-hotplug/hotplug/host"
	"github.com/go-hotplug/hotplug/rpc"
)

// kept is a plugin that outlives its host, and counts in memory.
const kept = "kept"

// heirs are hosts, each a process of its own, which follow one another in a folder.
type heirs struct {
	site
	last  succession.Sign
	after bool // there was one, whose plugin should be there
}

// killHost kills a host, and with it, one time in three, what it has left. The next must find that as it was, or do without.
func (t *torture) killHost(context.Context, *host.Plugin) error {
	h := &t.heirs
	if h.versions.Load() == 0 {
		if err := h.make(); err != nil {
			return err
		}
		if err := h.install(kept, t.pluginProgram, h.manifest(kept, members{"disconnect": members{"mode": "keep-alive", "timeout": "10m"}})); err != nil {
			return err
		}
	}
	p, err := h.next()
	if err != nil {
		return err
	}
	p.Kill()
	h.after = t.dice.IntN(3) > 0
	if !h.after {
		return h.killKept()
	}
	return nil
}

// killKept kills what a host has left, and waits until it is gone: the next host would go on with it until then.
func (h *heirs) killKept() error {
	pid := h.last.PIDs[kept]
	if err := syscall.Kill(pid, syscall.SIGKILL); err != nil {
		return err
	}
	ctx, cancel := context.WithTimeout(context.Background(), stuck)
	defer cancel()
	for leftovers.Alive(pid) {
		if ctx.Err() != nil {
			return fmt.Errorf("process %d was killed, and runs %s later", pid, stuck)
		}
		pause(ctx, 10*time.Millisecond)
	}
	return nil
}

// next is the host that follows, once it has been compared with the one before.
func (h *heirs) next() (*succession.Host, error) {
	p, err := succession.Start(h.dir)
	if err != nil {
		return nil, err
	}
	last := h.last
	h.last = p.Sign
	switch found := leftovers.Running(recordsEnv, h.records()); {
	case len(found) != 1 || found[0] != p.PIDs[kept]:
		err = fmt.Errorf("processes %d run, want %d alone", found, p.PIDs[kept])
	case h.after && p.PIDs[kept] != last.PIDs[kept]:
		err = fmt.Errorf("process %d answers, where %d did before", p.PIDs[kept], last.PIDs[kept])
	case h.after && p.Before != last.After:
		err = fmt.Errorf("the count is %d, the host before left it at %d", p.Before, last.After)
	case !h.after && p.Before != 0:
		err = fmt.Errorf("the count of a new process is %d", p.Before)
	}
	if err != nil {
		p.Kill()
	}
	return p, err
}

// end closes a last host in order, which leaves nothing, not of those that were killed either: what they have left must be a minute old for that.
func (h *heirs) end() error {
	if h.versions.Load() == 0 {
		return nil
	}
	folders, err := filepath.Glob(filepath.Join(h.runtime(), "*"))
	for _, folder := range folders {
		long := time.Now().Add(-time.Hour)
		err = errors.Join(err, os.Chtimes(folder, long, long))
	}
	if err != nil {
		return err
	}
	p, err := h.next()
	if err != nil {
		return err
	}
	return p.Close()
}

// tallies has a plugin count ten further.
func tallies(ctx context.Context, p rpc.Peer) (before, after uint64, err error) {
	a, err := tally.Call(ctx, p, job{})
	if err != nil {
		return 0, 0, err
	}
	b, err := tally.Call(ctx, p, job{N: 10})
	return uint64(a.N), uint64(b.N), err
}
