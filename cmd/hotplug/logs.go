package main

import (
	"context"
	"errors"
	"fmt"
	"iter"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"github.com/go-hotplug/hotplug/control"
	"github.com/go-hotplug/hotplug/host"
	"github.com/go-hotplug/hotplug/rpc"
)

// A tail is how much of a stream is wanted.
type tail struct {
	hostFinder
	follow bool
	last   int
}

func (f *tail) add(c *cobra.Command, what string) {
	f.hostFinder.add(c, dialTimeout)
	c.Flags().BoolVarP(&f.follow, "follow", "f", false, "go on with those that come, until Ctrl-C or until the host ends")
	c.Flags().IntVarP(&f.last, "lines", "n", control.All, "how many "+what+" of before, at most (default: all that the host has kept)")
	c.Flags().Lookup("lines").DefValue = "0" // the usage says what the default is
}

func (a *app) logsCommand() *cobra.Command {
	var f tail
	c := &cobra.Command{
		Use: "logs DIR [NAME]", Short: "Show what a running host and its plugins logged", Args: arguments(1, 2),
		Long: `Logs shows the host's log, or that of one plugin: the last 1,000 lines of each plugin, from level info on, and with --follow those that come. Who
reads too slowly misses lines, and is told how many; the host waits for nobody.

With --json each line is an object. Ctrl-C ends --follow with exit code 0.`,
		Example: "  hotplug logs plugins\n  hotplug logs -f -n 20 plugins greeter",
		RunE: func(c *cobra.Command, args []string) error {
			req := control.LogsRequest{Last: f.last, Follow: f.follow}
			if len(args) > 1 {
				req.Plugin = args[1]
			}
			return tailed(c.Context(), a, &f, args[0], func(ctx context.Context, p rpc.Peer) iter.Seq2[control.Line, error] {
				return control.Logs.Open(ctx, p, req)
			}, a.printLine)
		},
	}
	f.add(c, "lines")
	return c
}

func (a *app) eventsCommand() *cobra.Command {
	var f tail
	c := &cobra.Command{
		Use: "events DIR", Short: "Show what became of the plugins of a running host", Args: arguments(1, 1),
		Long: `Events shows the last 100 changes of plugins' states, also from before all had started, and with --follow those that come.

With --json each is an object, as run prints it. Ctrl-C ends --follow with exit code 0.`,
		Example: "  hotplug events plugins\n  hotplug events -f --json plugins",
		RunE: func(c *cobra.Command, args []string) error {
			return tailed(c.Context(), a, &f, args[0], func(ctx context.Context, p rpc.Peer) iter.Seq2[control.Event, error] {
				return control.Events.Open(ctx, p, control.EventsRequest{Last: f.last, Follow: f.follow})
			}, a.printPastEvent)
		},
	}
	f.add(c, "events")
	return c
}

// tailed prints a stream of a host until it ends, stdout takes no more, or ctx ends.
func tailed[Item any](ctx context.Context, a *app, f *tail, dir string, open func(context.Context, rpc.Peer) iter.Seq2[Item, error], print func(Item) error) error {
	conn, err := f.dial(ctx, dir)
	if err != nil {
		return err
	}
	defer conn.Close()
	within, cancel := f.limit(ctx)
	defer cancel()
	for item, err := range open(within, conn) {
		if err != nil && f.follow && ctx.Err() != nil {
			return nil
		}
		if err != nil {
			return refusal(ctx, err)
		}
		if err := print(item); err != nil {
			return err
		}
	}
	if f.follow {
		a.note("the host has ended")
	}
	return nil
}

// limit is how long a stream may take: what is followed has no end.
func (f *tail) limit(ctx context.Context) (context.Context, context.CancelFunc) {
	if f.follow || f.timeout <= 0 {
		return context.WithCancel(ctx)
	}
	return context.WithTimeoutCause(ctx, f.timeout, fmt.Errorf("not all within %s (--timeout)", f.timeout))
}

func (a *app) printLine(l control.Line) error {
	a.answered = true
	if a.json {
		return a.line(l)
	}
	a.noteMissed(l.Missed, "line")
	said := l.Message
	for _, f := range l.Fields {
		said += " " + f.Key + "=" + fieldValue(f.Value)
	}
	t := &table{}
	t.add(text(l.Time.Local().Format(time.RFC3339)), text(or(l.Plugin, "-")), cell{l.Level, levelColors[l.Level]}, text(said))
	return a.print(t)
}

var levelColors = map[string]string{"warn": yellow, "error": red}

// fieldValue is the value of a field, in quotes if it is more than a word.
func fieldValue(s string) string {
	if s == "" || strings.ContainsAny(s, " \t\n\"=") {
		return fmt.Sprintf("%q", s)
	}
	return s
}

func or(s, otherwise string) string {
	if s == "" {
		return otherwise
	}
	return s
}

func (a *app) noteMissed(n int, what string) {
	if n > 0 {
		a.note("%s not shown: stdout is slower than the host", counted(n, what))
	}
}

// printPastEvent prints an event as run does.
func (a *app) printPastEvent(e control.Event) error {
	a.answered = true
	past := host.Event{Time: e.Time.Local(), Plugin: e.Plugin, Version: e.Version, Generation: e.Generation, PID: e.PID, From: host.State(e.From), To: host.State(e.To), Reason: e.Reason, Missed: e.Missed}
	if e.Error != "" {
		past.Err = errors.New(e.Error)
	}
	return a.printEvent(past)
}
