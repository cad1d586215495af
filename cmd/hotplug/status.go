package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"github.com/go-hotplug/hotplug/control"
	"github.com/go-hotplug/hotplug/control/socket"
	"github.com/go-hotplug/hotplug/host"
	"github.com/go-hotplug/hotplug/rpc"
)

func (a *app) statusCommand() *cobra.Command {
	var f hostFinder
	c := &cobra.Command{
		Use: "status [DIR]", Short: "Say how the plugins of a running host are", Args: arguments(0, 1),
		Long: `Status asks the host that runs a folder how its plugins are: version, state and since when, process, calls in flight, why. Of a host with several
folders DIR is the first. The exit code is 1 if a plugin has failed, 3 if no host runs DIR.

Without DIR it lists the hosts of this user that run. With --json there are all figures.`,
		Example: "  hotplug status\n  hotplug status plugins\n  hotplug status --name app /srv/app/plugins",
		RunE: func(c *cobra.Command, args []string) error {
			if len(args) == 0 {
				return a.hosts(c.Context())
			}
			return a.status(c.Context(), &f, args[0])
		},
	}
	f.add(c, dialTimeout)
	return c
}

func reportOf(ctx context.Context, p rpc.Peer) (control.Report, error) {
	return control.Status.Call(ctx, p, control.StatusRequest{})
}

func (a *app) status(ctx context.Context, f *hostFinder, dir string) error {
	report, err := askHost(ctx, f, dir, reportOf)
	if err != nil {
		return err
	}
	if err := a.printPlugins(report.Plugins, func() error { return a.document(report) }); err != nil {
		return err
	}
	if len(report.Plugins) == 0 && !a.json {
		a.note("host %q, process %d, has no plugin in %s", report.Host.Name, report.Host.PID, strings.Join(report.Host.Folders, ", "))
	}
	var failed []string
	for _, p := range report.Plugins {
		switch host.State(p.State) {
		case host.Failed, host.Quarantined, host.Backoff:
			failed = append(failed, p.Name)
		}
	}
	if len(failed) > 0 {
		return exitf(exitPlugin, "%s failed: %s", counted(len(failed), "plugin"), strings.Join(failed, ", "))
	}
	return nil
}

// printPlugins prints a table of plugins, or what is JSON for them.
func (a *app) printPlugins(plugins []control.Plugin, document func() error) error {
	if a.json {
		return document()
	}
	if len(plugins) == 0 {
		return nil
	}
	t := &table{head: []string{"NAME", "VERSION", "STATE", "SINCE", "PID", "LAUNCH", "CALLS", "REASON"}}
	for _, p := range plugins {
		t.add(text(p.Name), text(p.Version), state(host.State(p.State)), text(p.Since.Local().Format(time.RFC3339)), text(pid(p.PID)),
			text(strconv.Itoa(p.Generation)), text(calls(p)), text(p.Reason))
	}
	return a.print(t)
}

// calls is how many are in flight, and for how long the oldest one, if that is long.
func calls(p control.Plugin) string {
	n := strconv.Itoa(p.Pending)
	if p.Oldest < time.Second {
		return n
	}
	return fmt.Sprintf("%s (%s)", n, p.Oldest.Round(time.Second))
}

// hosts lists what runs. A socket that nobody answers is left from a host that was killed; whoever opens the next one removes it.
func (a *app) hosts(ctx context.Context) error {
	found := []control.Report{}
	for _, path := range socket.Running() {
		report, err := reportAt(ctx, path)
		switch {
		case ctx.Err() != nil:
			return orInterrupted(ctx, exitInterrupted, ctx.Err())
		case err == nil:
			found = append(found, report)
		case !errors.Is(err, socket.ErrNoHost):
			a.note("%v", err)
		}
	}
	if a.json {
		return a.document(map[string]any{"hosts": found})
	}
	if len(found) == 0 {
		a.note("no host of this user runs: start one with `hotplug run DIR`")
		return nil
	}
	t := &table{head: []string{"HOST", "VERSION", "PID", "SINCE", "READY", "FOLDERS"}}
	for _, r := range found {
		t.add(text(r.Host.Name), text(r.Host.Version), text(pid(r.Host.PID)), text(r.Host.Since.Local().Format(time.RFC3339)), text(readyOf(r.Plugins)), text(strings.Join(shortened(r.Host.Folders), ", ")))
	}
	return a.print(t)
}

func reportAt(ctx context.Context, path string) (control.Report, error) {
	ctx, cancel := context.WithTimeout(ctx, dialTimeout)
	defer cancel()
	conn, err := socket.DialPath(ctx, path)
	if err != nil {
		return control.Report{}, err
	}
	defer conn.Close()
	return reportOf(ctx, conn)
}

// readyOf is "2 of 3".
func readyOf(plugins []control.Plugin) string {
	ready := 0
	for _, p := range plugins {
		if host.State(p.State) == host.Ready {
			ready++
		}
	}
	return strconv.Itoa(ready) + " of " + strconv.Itoa(len(plugins))
}

// shortened are paths as one would type them here.
func shortened(paths []string) []string {
	here, err := os.Getwd()
	if err != nil {
		return paths
	}
	out := make([]string, len(paths))
	for i, path := range paths {
		out[i] = path
		if rel, err := filepath.Rel(here, path); err == nil && filepath.IsLocal(rel) {
			out[i] = rel
		}
	}
	return out
}
