package main

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/spf13/cobra"

	"github.com/go-hotplug/hotplug/control"
	"github.com/go-hotplug/hotplug/control/controlhost"
	"github.com/go-hotplug/hotplug/control/socket"
	"github.com/go-hotplug/hotplug/host"
	"github.com/go-hotplug/hotplug/internal/shellwords"
	"github.com/go-hotplug/hotplug/rpc"
)

// openControl lets other commands reach a host that runs, and returns what ends that. A host that they do not reach is one all the same.
func (a *app) openControl(h *host.Host, c *host.Config, kept *controlhost.Recorder) (end func()) {
	s, err := controlhost.Open(h, controlhost.Options{
		Name: c.Name, Version: c.Version, Dir: c.Dir, StateDir: c.StateDir, Record: kept, Logger: c.Logger,
	})
	if err != nil {
		a.note("this host cannot be reached from another terminal: %v", err)
		return func() {}
	}
	return func() { s.Close() }
}

// hostFinder are the flags that say which host that runs is meant.
type hostFinder struct {
	name, stateDir string
	timeout        time.Duration
}

// add adds the flags; timeout is the default of --timeout.
func (f *hostFinder) add(c *cobra.Command, timeout time.Duration) {
	c.Flags().StringVar(&f.name, "name", "hotplug", "the host's name, as it was given to run")
	c.Flags().StringVar(&f.stateDir, "state-dir", "", "the host's state folder, if one was given to run")
	c.Flags().DurationVar(&f.timeout, "timeout", timeout, "how long to wait for the host")
}

// dialTimeout is how long a host may take to answer who it is.
const dialTimeout = 10 * time.Second

// dial connects to the host that runs a folder.
func (f *hostFinder) dial(ctx context.Context, dir string) (*rpc.Conn, error) {
	if f.timeout < 0 {
		return nil, fmt.Errorf("--timeout: found %s, want a duration such as 5s", f.timeout)
	}
	dialling, cancel := context.WithTimeout(ctx, dialTimeout)
	defer cancel()
	conn, err := socket.Dial(dialling, socket.Place{Name: f.name, Dir: dir, StateDir: f.stateDir})
	if errors.Is(err, socket.ErrNoHost) {
		e := exitf(exitHost, "no host %q runs %s: %w", f.name, dir, err)
		e.hint = fmt.Sprintf("Start one with `%s`. One that was started with --name or --state-dir is found with the same flags.", shellwords.Line("hotplug", "run", dir))
		return nil, e
	}
	if err != nil {
		return nil, orInterrupted(ctx, exitHost, err)
	}
	return conn, nil
}

// askHost is dial and one question, within --timeout.
func askHost[Res any](ctx context.Context, f *hostFinder, dir string, question func(context.Context, rpc.Peer) (Res, error)) (Res, error) {
	var none Res
	conn, err := f.dial(ctx, dir)
	if err != nil {
		return none, err
	}
	defer conn.Close()
	within := ctx
	if f.timeout > 0 {
		var cancel context.CancelFunc
		within, cancel = context.WithTimeoutCause(ctx, f.timeout, fmt.Errorf("no answer within %s (--timeout)", f.timeout))
		defer cancel()
	}
	res, err := question(within, conn)
	if err != nil {
		return none, refusal(ctx, err)
	}
	return res, nil
}

// refusal is an error of a host that runs, with the exit code for it.
func refusal(ctx context.Context, err error) error {
	switch {
	case ctx.Err() != nil:
		return orInterrupted(ctx, exitInterrupted, err)
	case errors.Is(err, rpc.NotFound), errors.Is(err, rpc.Timeout):
		return exitf(exitUnavailable, "%w", err)
	case isLost(err):
		return exitf(exitHost, "the host is gone: %w", err)
	}
	return exitf(exitPlugin, "%w", err)
}

// isLost reports whether the connection to the host is over.
func isLost(err error) bool {
	e, ok := errors.AsType[*rpc.Error](err)
	return ok && e.Origin == rpc.FromTransport && e.Code == rpc.Unavailable
}

func (a *app) reloadCommand() *cobra.Command {
	return a.actionCommand("reload", "Start a plugin of a running host anew, calls going on meanwhile", control.Reload,
		`Reload makes a running host start a plugin anew, from what is installed now, also if nothing has changed. The old process answers calls until the
new one does; if the new one does not start, the old one goes on, and the exit code is 1.`)
}

func (a *app) enableCommand() *cobra.Command {
	return a.actionCommand("enable", "Start a plugin of a running host that is disabled or quarantined", control.Enable,
		`Enable makes a running host start a plugin that was disabled or quarantined. The exit code is 1 if it does not start.`)
}

func (a *app) disableCommand() *cobra.Command {
	return a.actionCommand("disable", "Stop a plugin of a running host until it is enabled", control.Disable,
		`Disable makes a running host stop a plugin, in order, and keep it stopped until hotplug enable. It is not written down: a new host starts it.`)
}

// actionTimeout is how long reload, enable and disable wait: longer than a plugin has for its start by itself.
const actionTimeout = time.Minute

func (a *app) actionCommand(name, short string, m rpc.Method[control.Target, control.Plugin], long string) *cobra.Command {
	var f hostFinder
	c := &cobra.Command{
		Use: name + " DIR NAME", Short: short, Args: arguments(2, 2),
		Long:    long + "\n\nAn end by --timeout or Ctrl-C ends the waiting, and not what the host has begun. The exit code is 4 if no plugin has that name, 3 if no host runs DIR.",
		Example: "  hotplug " + name + " plugins greeter",
		RunE: func(c *cobra.Command, args []string) error {
			p, err := askHost(c.Context(), &f, args[0], func(ctx context.Context, host rpc.Peer) (control.Plugin, error) {
				return m.Call(ctx, host, control.Target{Plugin: args[1]})
			})
			if err != nil {
				return err
			}
			return a.printPlugins([]control.Plugin{p}, func() error { return a.document(p) })
		},
	}
	f.add(c, actionTimeout)
	return c
}
