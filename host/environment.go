package host

import (
	"context"
	"errors"
	"os"
	"path/filepath"
	"runtime"
	"time"

	"github.com/hashicorp/go-hclog"

	"github.com/go-hotplug/hotplug/host/internal/seam"
	"github.com/go-hotplug/hotplug/internal/proc"
	"github.com/go-hotplug/hotplug/internal/store"
	"github.com/go-hotplug/hotplug/internal/wire"
	"github.com/go-hotplug/hotplug/rpc"
)

// environment is what all plugins of one host share. It does not change once built.
type environment struct {
	info      wire.HostInfo
	logger    hclog.Logger
	hooks     Hooks
	mux       *rpc.Mux
	uses      []rpc.Use
	store     *store.Store
	locked    *locked              // what may run; nil: all
	held      *os.File             // the state folder's lock; nil without one
	left      map[string][]*record // what earlier hosts have left, by plugin
	attachBy  time.Time            // until when this host tries to come back to that
	sockets   string               // folder for the sockets of processes that outlive this host
	instances string               // folder of what belongs to processes that outlive this host
	runtime   *runtimeDir
	processes seam.Processes
	reconnect dialler
	events    *broadcast
	base      context.Context // what handlers find in their contexts
	noRestart bool
	launches  chan struct{} // one slot for each launch at once
}

// newEnvironment builds the environment of a host with a plugins folder.
func newEnvironment(ctx context.Context, c *Config) (*environment, error) {
	locked, err := newLocked(c)
	if err != nil {
		return nil, err
	}
	kept, err := store.Open(filepath.Join(c.StateDir, "store"))
	if err != nil {
		return nil, err
	}
	held, err := lockState(c.StateDir)
	if err != nil {
		return nil, err
	}
	e, err := bareEnvironment(ctx, c)
	if err != nil {
		held.Close()
		return nil, err
	}
	proc.HideDescriptors(e.log()) // also if nothing is launched yet
	e.held, e.left, e.attachBy = held, readRecords(instancesDir(c.StateDir), e.unread), time.Now().Add(attachBudget)
	if e.sockets, err = keptSockets(e.runtime.parent(), c.StateDir); err != nil {
		return nil, errors.Join(err, e.close())
	}
	e.store, e.locked, e.instances = kept, locked, instancesDir(c.StateDir)
	return e, nil
}

// bareEnvironment builds the environment of a worker, which has no store.
func bareEnvironment(ctx context.Context, c *Config) (*environment, error) {
	dir, err := openRuntimeDir(c.RuntimeDir)
	if err != nil {
		return nil, err
	}
	processes := seam.Of(ctx, seam.Processes{Starter: proc.OS, Bind: bindSocket, Dial: dialSocket})
	return &environment{
		info:   wire.HostInfo{Name: c.Name, Version: c.Version, PID: os.Getpid(), ID: wire.NewSecret()[:32]},
		logger: c.Logger, hooks: c.Hooks, mux: rpc.NewMux(c.Handlers...), uses: c.Uses, processes: processes, reconnect: dialler{c.Reconnect, processes.Dial},
		runtime: dir, events: &broadcast{}, base: context.WithoutCancel(ctx), launches: make(chan struct{}, 4*runtime.GOMAXPROCS(0)), noRestart: c.NoRestart,
	}, nil
}

// log returns the logger, behind which a panic stays.
func (e *environment) log() quietLogger { return quietLogger{e.logger} }

// quietLogger is a logger that never panics.
type quietLogger struct{ l hclog.Logger }

func (q quietLogger) at(level hclog.Level, msg string, args ...any) {
	defer func() { _ = recover() }()
	q.l.Log(level, msg, args...)
}

func (q quietLogger) Debug(msg string, args ...any) { q.at(hclog.Debug, msg, args...) }
func (q quietLogger) Info(msg string, args ...any)  { q.at(hclog.Info, msg, args...) }
func (q quietLogger) Warn(msg string, args ...any)  { q.at(hclog.Warn, msg, args...) }
func (q quietLogger) Error(msg string, args ...any) { q.at(hclog.Error, msg, args...) }

func (q quietLogger) with(args ...any) (with quietLogger) {
	defer func() {
		if recover() != nil {
			with = q
		}
	}()
	return quietLogger{q.l.With(args...)}
}
