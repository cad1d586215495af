package plugin

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"os/signal"
	"syscall"
	"time"

	"github.com/hashicorp/go-hclog"

	"github.com/go-hotplug/hotplug/codec"
	"github.com/go-hotplug/hotplug/internal/wire"
	"github.com/go-hotplug/hotplug/plugin/internal/seam"
	"github.com/go-hotplug/hotplug/rpc"
)

// Serve answers messages with handlers until the host says goodbye, and exits the process: it never returns. It is
// Server{Handlers: handlers} with the exit code of ExitCode.
func Serve(handlers ...rpc.Handler) {
	Exit(Server{Handlers: handlers}.Run(context.Background()))
}

// A Server is a plugin with all that can be configured. Only Handlers is needed.
type Server struct {
	Handlers []rpc.Handler // what the plugin answers
	Uses     []rpc.Use     // what it calls on its host; a host that does not handle one of them is refused. permissions.calls of its plugin.json has to ask for them

	// Manifest is the plugin's own plugin.json, embedded. With it the plugin states its name and version in the handshake,
	// where they must match what the host read from the plugins folder.
	Manifest []byte

	// Serializer is the one that this plugin insists on; a host that uses another is refused with exit code 78. Nil takes the
	// host's, if one of that class name is registered.
	Serializer codec.Serializer

	Middleware []rpc.Middleware // sees every message between this plugin and its host
	TxID       rpc.TxID         // names the calls of this plugin; nil: they are numbered

	// All hooks: rpc.Caller(ctx) is the host, and ctx ends when the host gives up. Start, Configure, Restore, Release and Resume never run beside one
	// another. A host of isolated-workers/1 knows of Start and Stop alone.

	// Start runs once, after the first handshake and before the first call. Its error fails the launch.
	Start func(ctx context.Context) error

	// Configure is told the plugin's configuration: JSON text, "null" if there is none. It runs behind Start and before the first call, where its error
	// fails the launch, and again whenever the configuration has changed, while calls run. Its error then is the host's to tell: the plugin goes on,
	// and had better keep what it had.
	Configure func(ctx context.Context, config json.RawMessage) error

	// Snapshot tells what a successor has to know when the plugin is reloaded: this process goes on, so it changes nothing. It runs while calls do, and
	// may run more than once, also beside itself. Its error calls the reload off, and the plugin goes on.
	Snapshot func(ctx context.Context) (State, error)

	// Restore takes over what Snapshot of the process before has told. It runs in a successor behind Start and Configure and before the first call, and
	// may run again: the later state counts, all of it. It also runs in a process that is gone back to, when calls have run. Its error, as of a Schema
	// that it does not know, calls the reload off.
	Restore func(ctx context.Context, s State) error

	// Release gives up what only one process can have, a port or a lock, so that a successor can take it. No call runs, and none comes before Resume.
	// Resume takes it again, as the successor did not come up; after it calls come as before. The error of Release calls the reload off, that of
	// Resume ends this process. Both are of reloads in the mode handoff; there a successor's Start runs behind Release.
	Release, Resume func(ctx context.Context) error

	// Health says whether the plugin is well: nil, or why not. It runs while calls do, as often as the host likes, and also beside itself; it is
	// expected to be quick. The host decides what becomes of a plugin that is not well.
	Health func(ctx context.Context) error

	// Stop runs once, when nothing is in flight any more and before the process exits; ctx has what is left of the host's stop
	// time-out. If the host died it has half a second, and may find calls still running.
	//
	// On Linux the kernel ends a plugin without this hook, and its process group, the moment its host dies. A plugin with it gives that
	// certainty up for its grace: it ends its group itself, which a Go runtime that stands still could not do.
	Stop func(ctx context.Context) error

	// HostConnectTimeout is how long to wait for a host to connect; 0 takes what the host says (30 s unless
	// configured), negative waits for ever. A parked plugin waits as long for its host to come back, if that has not said how long.
	HostConnectTimeout time.Duration

	Logger hclog.Logger // nil: Logger()
}

// Run serves until the host says goodbye (nil), the host is gone, ctx ends, or SIGTERM or SIGINT asks to leave (nil). It may be called once in a process.
// Other errors are *ExitError; that of a host which breaks the protocol names the rule. It does not return if the host died: the
// process group ends, unless the plugin outlives its host.
//
// A host that replaces the plugin by another version may park it: what is in flight is finished and the connection closed, and process, memory and
// background goroutines stay, in case the host comes back; their calls to the host wait until it does. If it has not come within the time that it
// said, the plugin leaves as if it had been asked to (nil).
//
// A plugin that outlives its host (the manifest's disconnect.mode keep-alive) goes on in the same way when the connection ends without a goodbye, or
// the host does, until disconnect.timeout is over without a connection.
//
// Started by a host of the TypeScript library (isolated-workers/1) it serves one connection and returns when that ends.
func (s Server) Run(ctx context.Context) error {
	own := s.Logger != nil
	if !own {
		s.Logger = Logger()
	}
	id, err := s.identity()
	if err != nil {
		return err
	}
	if g, ok := seam.Of(ctx); ok {
		return s.serve(ctx, &inherited{startup: g.Startup, listener: g.Listener, rest: g.Lifeline, kill: g.Kill}, id)
	}
	if os.Getenv(wire.DescribeEnv) == "1" {
		return s.describe(os.Stdout, id)
	}
	if os.Getenv(wire.StartupEnv) == "" {
		switch startup, err := s.workerStartup(); {
		case err != nil:
			return err
		case startup != nil:
			return s.work(ctx, startup)
		}
	}
	in, err := inherit(os.Getenv(wire.StartupEnv), id)
	if err != nil {
		return err
	}
	defer in.close()
	if level := hclog.LevelFromString(in.startup.LogLevel); !own && level != hclog.NoLevel {
		s.Logger.SetLevel(level) // what the host would drop need not travel
	}
	ctx, stopSignals := untilSignalled(ctx)
	defer stopSignals()
	return s.serve(ctx, in, id)
}

// untilSignalled returns a context that ends when this process is asked to leave.
func untilSignalled(ctx context.Context) (context.Context, context.CancelFunc) {
	outliveOutput()
	return signal.NotifyContext(ctx, os.Interrupt, syscall.SIGTERM)
}

// outliveOutput keeps a line that is printed when nobody reads any more from ending this process by SIGPIPE, before its Stop hook and
// the rest of its group have had their turn. It is not signal.Ignore, which children would inherit.
func outliveOutput() { signal.Notify(make(chan os.Signal, 1), syscall.SIGPIPE) }

// Logger returns a logger whose lines the host logs again at their level. Started by hand it writes text for people.
func Logger() hclog.Logger {
	return hclog.New(&hclog.LoggerOptions{Level: hclog.Trace, Output: os.Stderr, JSONFormat: launched})
}

// launched says that a host started this process. It is noted before Run removes the variable, so that handlers may ask for a Logger.
var launched = os.Getenv(wire.StartupEnv) != ""

// An ExitError is why a plugin ended, and the exit code that says so.
type ExitError struct {
	Code int
	Text string // for the person who reads the host's log
}

func (e *ExitError) Error() string { return e.Text }

// Exit codes of a plugin, after sysexits(3).
const (
	ExitUsage       = 64 // started by hand
	ExitData        = 65 // the start-up data or the embedded manifest cannot be read
	ExitUnavailable = 69 // no host connected in time
	ExitSoftware    = 70 // anything else
	ExitConfig      = 78 // the host uses another serializer, or it does not work
)

func exitf(code int, format string, args ...any) *ExitError {
	return &ExitError{Code: code, Text: fmt.Sprintf(format, args...)}
}

// ExitCode returns the exit code for what Run returned: 0 for nil, ExitSoftware for a foreign error.
func ExitCode(err error) int {
	var exit *ExitError
	switch {
	case err == nil:
		return 0
	case errors.As(err, &exit):
		return exit.Code
	}
	return ExitSoftware
}

// Exit ends the process with what Run returned: the text on stderr, and its exit code.
func Exit(err error) {
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
	}
	os.Exit(ExitCode(err))
}
