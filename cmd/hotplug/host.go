package main

import (
	"context"
	"fmt"
	"strconv"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"github.com/go-hotplug/hotplug/control/controlhost"
	"github.com/go-hotplug/hotplug/host"
	"github.com/go-hotplug/hotplug/registry"
)

func (a *app) runCommand() *cobra.Command {
	var f hostFlags
	c := &cobra.Command{
		Use: "run DIR...", Short: "Host plugins in the foreground", Args: arguments(1, -1),
		Long: `Run hosts plugins folders in the foreground: it starts what is installed, prints a table of it, and then a line for each plugin that
changes its state, until Ctrl-C, SIGTERM, or the end of its terminal or of whoever reads its stdout; then it stops all plugins in order. A second Ctrl-C
ends everything at once.

It watches the folders: what is added is started, what is changed is reloaded while calls go on, what is removed is stopped.

Meanwhile hotplug status, logs, events, reload, enable and disable find it from another terminal, by the first folder's name.

It is a generic host: plugins find nothing to call on it, but for what --forward answers with another plugin.

With --json each line is an object: "type" is "status" for each plugin once all have started or failed, and "event" for each change
after that. The exit code is 1 if a plugin could not start or failed later.`,
		Example: "  hotplug run plugins\n  hotplug run --forward highlight.highlight=highlight plugins",
		RunE:    func(c *cobra.Command, dirs []string) error { return a.host(c.Context(), &f, dirs) },
	}
	f.add(c, "info")
	c.Flags().BoolVar(&f.noWatch, "no-watch", false, "do not look for changes in the folders")
	return c
}

func (a *app) host(ctx context.Context, f *hostFlags, dirs []string) error {
	c, forwards, err := f.config(a, dirs)
	if err != nil {
		return err
	}
	c.Watch = !f.noWatch
	if err := pluginsFolders("run", dirs); err != nil {
		return err
	}
	if len(forwards) > 0 {
		reg, err := registry.Scan(ctx, f.options(dirs))
		if err != nil {
			return orInterrupted(ctx, exitHost, err)
		}
		if err := installed(reg, forwards); err != nil {
			return err
		}
	}
	defer keepOnClosedStdout()() // which ends it in order, as ctx does
	kept := controlhost.Record(&c)
	closeControl := func() {}
	defer func() { closeControl() }() // the last thing: who follows sees how plugins stop
	c.Hooks.Opening = func(h *host.Host) { closeControl = a.openControl(h, &c, kept) }
	h, err := host.Open(ctx, c)
	if err != nil {
		return unopened(ctx, "run", err)
	}
	defer h.Close()
	return a.follow(ctx, h)
}

// follow prints what is hosted and what becomes of it, until ctx ends; then it stops all.
func (a *app) follow(ctx context.Context, h *host.Host) error {
	events := h.Events(context.WithoutCancel(ctx)) // before the statuses are looked at: nothing happens in between unseen
	a.following.Store(true)
	a.answered = true
	a.unreadable(h.Registry())
	a.noteIgnored(h.Registry())
	if err := a.printHosted(h); err != nil {
		return err
	}
	printed := make(chan error, 1) // the one goroutine sends once, when the host is closed or stdout is
	go func() { printed <- a.printEvents(events) }()
	select {
	case <-ctx.Done():
		h.Close()
		if err := <-printed; err != nil {
			return err
		}
	case err := <-printed:
		h.Close()
		return err
	}
	return failures(h)
}

// failures is the error of a host of which plugins have failed.
func failures(h *host.Host) error {
	var names []string
	for _, f := range h.Failed() {
		names = append(names, f.Plugin)
	}
	if len(names) > 0 {
		return exitf(exitPlugin, "%s failed: %s", counted(len(names), "plugin"), strings.Join(names, ", "))
	}
	return nil
}

// A hosted plugin is its status as run prints it.
type hosted struct {
	Type string `json:"type"` // "status"
	host.Status
	Messages []string `json:"messages"`
}

func (a *app) printHosted(h *host.Host) error {
	t := &table{head: []string{"NAME", "VERSION", "STATE", "PID", "MESSAGES", "REASON"}}
	for _, p := range h.Plugins() {
		s := hosted{Type: "status", Status: p.Status(), Messages: []string{}}
		for _, u := range p.Handles() {
			s.Messages = append(s.Messages, u.Name)
		}
		if a.json {
			if err := a.line(s); err != nil {
				return err
			}
			continue
		}
		t.add(text(s.Name), text(s.Version), state(s.State), text(pid(s.PID)), text(a.abridged(s.Messages)), text(s.Reason))
	}
	if a.json {
		return nil
	}
	if len(t.rows) == 0 {
		a.noteEmpty(h.Registry())
		return nil
	}
	return a.print(t)
}

// abridged is a list that leaves room for the rest of the row on a terminal.
func (a *app) abridged(names []string) string {
	const most = 3
	if a.outTerminal && len(names) > most {
		return fmt.Sprintf("%s and %d more", strings.Join(names[:most], ", "), len(names)-most)
	}
	return strings.Join(names, ", ")
}

func pid(n int) string {
	if n == 0 {
		return "-"
	}
	return strconv.Itoa(n)
}

func state(s host.State) cell {
	switch s {
	case host.Ready:
		return cell{string(s), green}
	case host.Failed, host.Quarantined:
		return cell{string(s), red}
	}
	return cell{string(s), yellow}
}

// An event is a host.Event as run prints it.
type event struct {
	Type       string     `json:"type"` // "event"
	Time       time.Time  `json:"time"`
	Plugin     string     `json:"plugin"`
	Version    string     `json:"version,omitempty"`
	Generation int        `json:"generation"`
	PID        int        `json:"pid,omitempty"`
	From       host.State `json:"from,omitempty"`
	To         host.State `json:"to"`
	Reason     string     `json:"reason,omitempty"`
	Error      string     `json:"error,omitempty"`
	Missed     int        `json:"missed,omitempty"`
}

// printEvents prints events until there are no more, or stdout takes no more.
func (a *app) printEvents(events func(func(host.Event) bool)) error {
	for e := range events {
		if err := a.printEvent(e); err != nil {
			return err
		}
	}
	return nil
}

func (a *app) printEvent(e host.Event) error {
	if a.json {
		out := event{Type: "event", Time: e.Time, Plugin: e.Plugin, Version: e.Version, Generation: e.Generation, PID: e.PID, From: e.From, To: e.To, Reason: e.Reason, Missed: e.Missed}
		if e.Err != nil {
			out.Error = e.Err.Error()
		}
		return a.line(out)
	}
	if e.Missed > 0 {
		a.note("%s not shown: stdout is slower than the host", counted(e.Missed, "event"))
	}
	t := &table{}
	t.add(text(e.Time.Format(time.RFC3339)), text(e.Plugin), text(e.Version), state(e.To), text(pid(e.PID)), text(e.Reason))
	if err := a.print(t); err != nil {
		return err
	}
	if a.outTerminal && a.errTerminal && e.Err != nil { // elsewhere the log says it
		a.detail(beyond(e.Reason, e.Err.Error()))
	}
	return nil
}

// beyond is what an error says that the reason beside it does not.
func beyond(reason, text string) string {
	for _, said := range []string{reason, strings.TrimPrefix(reason, "could not start: ")} {
		text = strings.TrimPrefix(text, said)
	}
	return strings.TrimLeft(text, ";: \n")
}

// detail prints on stderr what belongs to the line above.
func (a *app) detail(said string) {
	if said != "" {
		fmt.Fprintln(a.err, "    "+strings.ReplaceAll(strings.TrimRight(printable(said), "\n"), "\n", "\n    "))
	}
}
