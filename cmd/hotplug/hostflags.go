package main

import (
	"context"
	"errors"
	"fmt"
	"strings"

	"github.com/hashicorp/go-hclog"
	"github.com/spf13/cobra"

	"github.com/go-hotplug/hotplug/host"
	"github.com/go-hotplug/hotplug/internal/lockfile"
	"github.com/go-hotplug/hotplug/registry"
)

// hostFlags are the flags that say what host this is.
type hostFlags struct {
	name, version string
	stateDir      string
	logLevel      string
	forwards      []string
	noWatch       bool
	locked        bool
	lockFile      string
}

// addIdentity adds the flags that decide what is chosen.
func (f *hostFlags) addIdentity(c *cobra.Command) {
	c.Flags().StringVar(&f.name, "name", "hotplug", "the host's name, as plugins see it")
	c.Flags().StringVar(&f.version, "host-version", "", "the host's version: manifests' \"host\" constraints are held against it (default: not checked)")
}

// add adds all flags; level is the default log level.
func (f *hostFlags) add(c *cobra.Command, level string) {
	f.addIdentity(c)
	c.Flags().StringVar(&f.stateDir, "state-dir", "", "where copies of what runs are kept (default: a folder of the user's cache)")
	c.Flags().BoolVar(&f.locked, "locked", false, "run only what hotplug lock has accepted, and refuse every plugin that is another than in the lock file")
	c.Flags().StringVar(&f.lockFile, "lock-file", "", "the lock file, for --locked, which it implies (default: "+lockfile.Name+" in the first folder)")
	c.Flags().StringVar(&f.logLevel, "log-level", level, "what is logged on stderr: trace, debug, info, warn, error or off")
	c.Flags().StringArrayVar(&f.forwards, "forward", nil, "MESSAGE=PLUGIN: answer what plugins call on this host by calling a plugin; for what is no method or query KIND:MESSAGE=PLUGIN, the kind being notice, stream, upload or duplex; may be repeated")
}

func (f *hostFlags) options(dirs []string) registry.Options {
	return registry.Options{Path: dirs, HostName: f.name, HostVersion: f.version}
}

// config is the host that the flags describe.
func (f *hostFlags) config(a *app, dirs []string) (host.Config, []forward, error) {
	c := host.Config{Name: f.name, Version: f.version, Dir: dirs[0], Path: dirs[1:], StateDir: f.stateDir, Locked: f.locked || f.lockFile != "", LockFile: f.lockFile}
	c.Grant = []string{host.GrantAll} // whoever names a forward means that it may be called
	level := hclog.LevelFromString(f.logLevel)
	if level == hclog.NoLevel {
		return c, nil, fmt.Errorf("--log-level: found %q, want trace, debug, info, warn, error or off", f.logLevel)
	}
	c.Logger = a.logger(level)
	forwards, err := parseForwards(f.forwards)
	for _, fw := range forwards {
		c.Handlers = append(c.Handlers, host.Forward(fw.relay, fw.plugin))
	}
	return c, forwards, err
}

// logger logs for people, on stderr.
func (a *app) logger(level hclog.Level) hclog.Logger {
	o := &hclog.LoggerOptions{Level: level, Output: a.err, Color: hclog.ColorOff}
	if a.outTerminal && a.errTerminal {
		o.Exclude = a.shownOnStdout
	}
	if a.colors(a.errTerminal) {
		o.Color = hclog.ForceColor
	}
	return hclog.New(o)
}

// shownOnStdout reports whether a line of the host's log says what is or will be on stdout too, of a terminal that shows both. A failure
// counts once stdout follows the events; before that the log alone tells all of it.
func (a *app) shownOnStdout(level hclog.Level, message string, args ...any) bool {
	to, isMove := strings.CutPrefix(message, "plugin ")
	if !isMove || len(args) < 2 || args[0] != "reason" { // what a plugin itself writes has no such arguments
		return false
	}
	if a.following.Load() {
		return true
	}
	return level == hclog.Info && to != string(host.Starting)
}

// unopened is why a command could not open its host. What host.Open says of a state folder that is in use is for programs: here it says
// what to type.
func unopened(ctx context.Context, command string, err error) error {
	used, ok := errors.AsType[*host.StateInUseError](err)
	if !ok {
		return orInterrupted(ctx, exitHost, err)
	}
	holder := "another host"
	if used.PID != 0 {
		holder = fmt.Sprintf("another host, process %d,", used.PID)
	}
	return exitf(exitHost, "%s: %s uses the state folder %s: see with `hotplug status` what it hosts, stop it, or give this one a folder of its own with --state-dir",
		command, holder, used.Dir)
}
