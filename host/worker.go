package host

import (
	"context"
	"errors"
	"fmt"
	"os/exec"
	"path/filepath"

	"github.com/go-hotplug/hotplug/internal/proc"
	"github.com/go-hotplug/hotplug/internal/wire"
	"github.com/go-hotplug/hotplug/rpc"
)

// A Launch is one worker without a plugins folder or a manifest. Path is required; the zero value of every other field works, and a negative number
// is refused.
type Launch struct {
	Path       string   // the executable; a bare name is looked up in PATH
	Args       []string // after the program's name
	Env        []string // "KEY=value", on top of PATH, HOME, LANG and the like
	Dir        string   // working folder; empty: this process's
	Name       string   // for texts; empty: the file's name
	SocketPath string   // empty: one in the runtime folder
	Protocol   string   // rpc.ProtocolHotplug, or rpc.ProtocolIsolatedWorkers for a worker of the TypeScript library; empty: the former
	Serializer string   // class name; empty: MessagePackSerializer, with rpc.ProtocolIsolatedWorkers JsonSerializer

	// Host: what of it is not about a folder holds here too: Name, Version, Handlers, Uses, Timeouts, Logger, Hooks, RuntimeDir, Reconnect. The worker
	// may call all of Handlers, whatever Grant says: they are there for nobody else, and it has no manifest that could ask for them.
	Host Config

	MaxFrame    int // bytes of one message; 0: 16 MiB
	MaxInflight int // calls at once, each way; 0: 1,024
	MaxStreams  int // calls with streams at once, each way, beside those; 0: 256
	StreamItems int // items of a stream that may be under way, each way; 0: 256
	StreamBytes int // bytes of their frames; one item may go beyond; 0: 1 MiB

	MaxMemory    int64 // bytes that the worker may hold: limits.memory of a manifest; 0: no limit
	MaxOpenFiles int   // descriptors that it may have open: limits.openFiles; 0: no limit

	// Wrap is a program, looked up in PATH, and its arguments, under which the worker runs: its path and arguments are put behind them. The wrapper has to
	// hand on the environment and descriptors 0 to 4, and to end when the worker does, with its exit status. What it keeps the worker from is its affair.
	Wrap []string
	// User is the user that the worker runs as, by name or number, with that user's groups, HOME, USER and LOGNAME; empty: the host's. Only a host that is
	// root may name another. That user must be able to execute the file.
	User string
}

// Start launches one worker and returns when it answers calls. The handle is of the same kind as those of a Host; its Close ends
// the worker and removes everything.
func Start(ctx context.Context, l Launch) (*Plugin, error) {
	if l.Path == "" {
		return nil, errors.New("host.Launch: Path is empty: name the executable")
	}
	if err := l.checkLimits(); err != nil {
		return nil, err
	}
	s, err := l.spec()
	if err != nil {
		return nil, fmt.Errorf("start %s: %w", l.Path, err)
	}
	env, err := workerEnvironment(ctx, l.Host)
	if err != nil {
		return nil, fmt.Errorf("start %s: %w", l.Path, err)
	}
	p := newPlugin(env, s.name)
	p.find = func(context.Context) (wish, error) { return wish{spec: s}, nil }
	p.after = func() {
		if err := env.close(); err != nil {
			env.log().Warn("runtime folder stays", "error", err)
		}
	}
	p.send(wish{spec: s, reason: "launched without a plugins folder"})
	if err := p.Ready(ctx); err != nil {
		p.Close()
		return nil, fmt.Errorf("start %s: %w", l.Path, err)
	}
	return p, nil
}

func (l *Launch) spec() (*spec, error) {
	path, err := exec.LookPath(l.Path)
	if err != nil && !errors.Is(err, exec.ErrDot) {
		return nil, err
	}
	if path, err = filepath.Abs(path); err != nil {
		return nil, err
	}
	name := l.Name
	if name == "" {
		name = filepath.Base(path)
	}
	class := l.Serializer
	if class == "" && l.Protocol == rpc.ProtocolIsolatedWorkers {
		class = wire.WorkerSerializer
	}
	serializer, err := lookUp(class)
	if err != nil {
		return nil, err
	}
	around, err := l.confinement()
	if err != nil {
		return nil, err
	}
	s := &spec{
		name: name, protocol: l.Protocol, path: path, dir: l.Dir, args: l.Args, env: around.environ(buildEnv(l.Host.Env), l.Env), around: around, socket: l.SocketPath, serializer: serializer,
		permits: &permits{all: true}, timeouts: l.Host.Timeouts.over(defaultTimeouts).lifted(), middleware: l.Host.Middleware, txID: l.Host.TxID,
		limits: wire.Limits{Frame: l.MaxFrame, Inflight: l.MaxInflight, Streams: l.MaxStreams, StreamItems: l.StreamItems, StreamBytes: l.StreamBytes}.WithDefaults(),
	}
	return s, s.checkProtocol()
}

func (l *Launch) confinement() (confinement, error) {
	return newConfinement(proc.Limits{Memory: l.MaxMemory, OpenFiles: l.MaxOpenFiles}, l.Wrap, l.User)
}

func workerEnvironment(ctx context.Context, c Config) (*environment, error) {
	c.setDefaults()
	return bareEnvironment(ctx, &c)
}
