package host_test

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"
	"testing"
	"testing/synctest"
	"time"

	"github.com/go-hotplug/hotplug/host"
	"github.com/go-hotplug/hotplug/rpc"
)

// A randomLife is a plugin to which everything happens, in any order.
type randomLife struct {
	*world
	r       *rand.Rand
	h       *host.Host
	p       *host.Plugin
	current *fake // what is installed
	version int
	log     []string
}

func (l *randomLife) did(format string, args ...any) {
	l.log = append(l.log, fmt.Sprintf(format, args...))
}

// install puts another version into the folder: most often a good one.
func (l *randomLife) install() {
	l.version++
	f := &newTally().fake
	kind := l.r.IntN(8)
	switch kind {
	case 0:
		f.Start = func(context.Context) error { return errors.New("no disk") }
	case 1:
		f.Handlers = nil
	case 2:
		f.NoPark = true
	case 3:
		f.Snapshot, f.Restore = nil, nil
	case 4:
		f.Health = func(context.Context) error { return errors.New("sick") }
	}
	how := members{
		"restart":    members{"max": l.r.IntN(3), "policy": []string{"on-failure", "always", "never"}[l.r.IntN(3)]},
		"reload":     members{"mode": []string{"overlap", "handoff", "restart"}[l.r.IntN(3)], "rollback": []string{"stale", "restart"}[l.r.IntN(2)], "rollbackWindow": fmt.Sprintf("%ds", l.r.IntN(10))},
		"health":     members{"interval": "2s", "misses": 2},
		"activation": []string{"eager", "lazy"}[l.r.IntN(2)],
		"idle":       fmt.Sprintf("%ds", l.r.IntN(20)),
	}
	l.current = l.release(fmt.Sprintf("1.%d.0", l.version), "one", f, how)
	l.did("install 1.%d.0, kind %d, %v", l.version, kind, how)
}

// happens does one thing, in the way in which it comes: some are waited for, some are not.
func (l *randomLife) happens() {
	ctx, cancel := context.WithTimeout(l.t.Context(), time.Duration(l.r.IntN(5000))*time.Millisecond)
	defer cancel()
	switch l.r.IntN(12) {
	case 0, 1:
		l.install()
	case 2:
		l.did("reload: %v", l.p.Reload(ctx))
	case 3:
		l.did("disable: %v", l.p.Disable(ctx))
	case 4:
		l.did("enable: %v", l.p.Enable(ctx))
	case 5:
		if p := l.current.Launched(); p != nil {
			l.did("exit")
			p.Exit(1, "")
		}
	case 6:
		if p := l.current.Launched(); p != nil {
			l.did("leave")
			p.Leave()
		}
	case 7:
		time.Sleep(time.Duration(l.r.IntN(20)) * time.Second)
	case 8, 9:
		l.did("look: %v", l.p.Look(ctx))
	case 10:
		l.did("remove: %v, look: %v", os.RemoveAll(filepath.Join(l.config.Dir, "one")), l.p.Look(ctx))
	case 11:
		_, err := echo.Call(ctx, l.p, "")
		l.did("call: %v", err)
		if err != nil && !errors.Is(err, rpc.Unavailable) && !errors.Is(err, context.DeadlineExceeded) && !errors.Is(err, rpc.Unimplemented) {
			l.t.Errorf("a call: %v", err)
		}
	}
}

func TestWhateverHappensToAPluginItsOwnerGoesOn(t *testing.T) {
	for seed := range uint64(60) {
		synctest.Test(t, func(t *testing.T) {
			l := &randomLife{world: newWorld(t), r: rand.New(rand.NewPCG(seed, 1))}
			defer func() {
				if t.Failed() || recover() != nil {
					for _, line := range l.log {
						t.Log(line)
					}
					t.Fatalf("seed %d", seed)
				}
			}()
			l.install()
			l.h = l.open()
			l.p = l.h.Plugin("one")
			for range 40 {
				l.happens()
				if l.r.IntN(2) == 0 {
					synctest.Wait()
				}
			}
			f := l.release("2.0.0", "one", &newTally().fake)
			l.current = f
			_ = l.p.Enable(t.Context()) // a disabled one is not reloaded
			if err := l.p.Reload(t.Context()); err != nil && f.Launched() == nil {
				t.Errorf("a good version in the end: %v", err) // but for one that follows a version with other messages, it comes up
			}
			_ = l.h.Close()
			l.Starter.Wait()
			if s := l.p.Status(); s.Active {
				t.Errorf("after Close: %+v", s)
			}
		})
		if t.Failed() {
			return
		}
	}
}
