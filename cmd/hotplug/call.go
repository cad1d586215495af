package main

import (
	"context"
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"time"

	"github.com/spf13/cobra"

	"github.com/go-hotplug/hotplug/host"
	"github.com/go-hotplug/hotplug/registry"
)

// A request is what the command line of call asks for.
type request struct {
	dir, plugin, message string
	json                 []byte // nil: none was given
	stdin                bool   // it is to be read from there
	timeout              time.Duration
	progress             bool // show reports where stderr is no terminal, too
	worker               bool // the plugin is one of isolated-workers/1, which calls nobody
}

func (a *app) callCommand() *cobra.Command {
	var f hostFlags
	var r request
	c := &cobra.Command{
		Use: "call DIR PLUGIN MESSAGE [JSON]", Short: "Call a plugin and print its answer as JSON", Args: arguments(3, 4),
		Long: `Call starts one plugin of a plugins folder and those that it requires, sends it a message, prints the answer as JSON, and stops them.
JSON is the payload, checked against what the plugin says it takes, whatever its serializer; - reads it from stdin. Bytes are
base64, times are RFC 3339, integers of 64 bits stay exact. A notice is sent, and call waits until the plugin has handled it.

What the plugin says that a message is decides how it is called. Of a stream, each item is printed as one line of JSON as it
arrives. An upload takes its items from stdin, one JSON value on each line, and prints the one reply. A duplex does both at once;
the end of stdin says that no more items follow. Blank lines are skipped. Stdin is read no faster than the plugin takes it, and
Ctrl-C cancels the call. What the plugin reports of its progress is one line on stderr, if that is a terminal; see --progress.

The plugin finds nothing to call on its host, but for what --forward answers with another plugin of the folder.

With --json it prints {"result": ...} or {"error": ...}, the latter with all that the plugin said; in front of it a line
{"item": ...} for each item, and the result of a stream is null. Progress is then shown only with --progress, as a line
{"progress": {"done": ..., "total": ..., "note": ...}} on stderr for each report.`,
		Example: callExample,
		RunE:    func(c *cobra.Command, args []string) error { return a.call(c.Context(), &f, &r, args) },
	}
	f.add(c, "off")
	c.Flags().DurationVar(&r.timeout, "timeout", 0, "how long the answer, or all items, may take (default: timeouts.call of the plugin; for items no limit)")
	c.Flags().BoolVar(&r.progress, "progress", false, "print what the plugin reports of its progress, a line for each report, where stderr is no terminal, too")
	return c
}

const callExample = `  hotplug call plugins counter counter.add '{"by": 2}'
  echo '{"by": 2}' | hotplug call plugins counter counter.add -
  hotplug call plugins counter counter.watch '{"count": 3}'
  printf '{"by": 2}\n{"by": 3}\n' | hotplug call --progress plugins counter counter.addAll`

func (a *app) call(ctx context.Context, f *hostFlags, r *request, args []string) error {
	if r.timeout < 0 {
		return fmt.Errorf("--timeout: found %s, want a duration such as 5s", r.timeout)
	}
	r.dir, r.plugin, r.message = args[0], args[1], args[2]
	if err := r.takePayload(args[3:]); err != nil {
		return err
	}
	c, forwards, err := f.config(a, args[:1])
	if err != nil {
		return err
	}
	c.NoRestart = true // what crashes under one call has been tried
	if c.Plugins, err = needed(ctx, f.options(args[:1]), r.plugin, forwards); err != nil {
		return err
	}
	remove, err := ownState(&c)
	if err != nil {
		return err
	}
	defer remove()
	c.Timeouts.Drain = callDrain
	h, err := host.Open(ctx, c)
	if err != nil {
		return unopened(ctx, "call", err)
	}
	defer h.Close()
	return a.exchange(ctx, h, r)
}

// callDrain is how long plugins may go on after the answer: nobody waits for what they do then.
const callDrain = 2 * time.Second

// ownState gives the host of one call a state folder of its own: it is in nobody's way, a host that runs the same folder included.
func ownState(c *host.Config) (remove func(), err error) {
	if c.StateDir != "" {
		return func() {}, nil
	}
	parent := ""
	if cache, err := os.UserCacheDir(); err == nil { // rather than the temporary folder, from which some systems execute nothing
		parent = filepath.Join(cache, "hotplug")
		if os.MkdirAll(parent, 0o700) != nil {
			parent = ""
		}
	}
	if c.StateDir, err = os.MkdirTemp(parent, "call-"); err != nil {
		return nil, exitf(exitHost, "call: make a folder for what runs: %w: name another with --state-dir", err)
	}
	return func() { _ = os.RemoveAll(c.StateDir) }, nil
}

// needed are the settings with which only a plugin runs, and what it requires, each in the version that a whole host would choose.
func needed(ctx context.Context, o registry.Options, plugin string, forwards []forward) (map[string]host.Settings, error) {
	reg, err := scanned(ctx, "call", o)
	if err != nil {
		return nil, err
	}
	if _, ok := reg.Find(plugin); !ok {
		return nil, exitf(exitUnavailable, "%s", notChosen(reg, plugin))
	}
	if err := installed(reg, forwards); err != nil {
		return nil, err
	}
	wanted := []string{plugin}
	for _, f := range forwards {
		wanted = append(wanted, f.plugin)
	}
	out := map[string]host.Settings{}
	for _, c := range reg.Found {
		out[c.Name] = host.Settings{Disabled: true}
	}
	for len(wanted) > 0 {
		e, ok := reg.Find(wanted[0])
		wanted = wanted[1:]
		if !ok || !out[e.Name].Disabled {
			continue
		}
		out[e.Name] = host.Settings{Pin: e.Version.String()}
		for _, d := range e.Requires {
			wanted = append(wanted, d.Name)
		}
	}
	return out, nil
}

// notChosen says why a plugin cannot be called, and what is there instead.
func notChosen(reg *registry.Registry, plugin string) string {
	x := reg.Explain(plugin)
	text := x.String()
	if len(x.Candidates) > 0 || x.Nearest != "" {
		return text
	}
	names := map[string]bool{}
	for _, e := range reg.Entries {
		names[e.Name] = true
	}
	if len(names) == 0 {
		return text + ": there is no plugin in " + joined(folderPaths(reg))
	}
	return fmt.Sprintf("%s: installed are %s", text, joined(slices.Sorted(maps.Keys(names))))
}
