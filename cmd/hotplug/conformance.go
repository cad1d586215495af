package main

import (
	"context"
	"fmt"
	"strings"

	"github.com/spf13/cobra"

	"github.com/go-hotplug/hotplug/internal/conformance"
	"github.com/go-hotplug/hotplug/manifest"
)

func (a *app) conformanceCommand() *cobra.Command {
	var o conformance.Options
	c := &cobra.Command{
		Use: "conformance BINARY|DIR", Short: "Check a plugin in any language against the protocol", Args: arguments(1, 1),
		Long: `Conformance plays the host to a plugin, byte by byte, and prints for each case of the protocol whether it passed, failed and why, or is
about something that the plugin does not claim to do. DIR is a plugin's folder, whose arguments and environment hold, BINARY any program.
Every case starts it anew, with each serializer that it speaks; no message is called but with payloads that it must refuse, unless its
name begins with "conformance.". A manifest with another protocol than this project's own is refused. The exit code is 1 if a case fails. docs/conformance.md says more.`,
		RunE: func(c *cobra.Command, args []string) error { return a.conformance(c.Context(), args[0], o) },
	}
	c.Flags().StringVar(&o.Cases, "case", "", "only the cases whose names begin with this: calls, leaving/20")
	return c
}

func (a *app) conformance(ctx context.Context, path string, o conformance.Options) error {
	binary, m, err := program("conformance", path)
	if err != nil {
		return err
	}
	if err := hotplugOnly("conformance", path, "these cases are", binary, m); err != nil {
		return err
	}
	report, err := conformance.Run(ctx, conformanceTarget(binary, m), o)
	if err != nil {
		return orInterrupted(ctx, exitPlugin, fmt.Errorf("conformance %s: %w", path, err))
	}
	if err := a.printConformance(report); err != nil {
		return err
	}
	if !report.OK {
		return exitf(exitPlugin, "%s: %s failed", report.Plugin, counted(report.Failed, "case"))
	}
	return nil
}

// conformanceTarget is a program as its manifest, if there is one, wants it started.
func conformanceTarget(binary string, m *manifest.Manifest) conformance.Target {
	t := conformance.Target{Path: binary}
	if m == nil {
		return t
	}
	t.Name, t.Version, t.Args = m.Name, m.Version.String(), m.Args
	for name, value := range m.Env.Set {
		t.Env = append(t.Env, name+"="+value)
	}
	return t
}

func (a *app) printConformance(r *conformance.Report) error {
	if a.json {
		return a.document(r)
	}
	t := &table{head: []string{"RESULT", "CASE", "SERIALIZER", "WHAT HOLDS"}}
	for i := 0; i < len(r.Results); {
		same := alike(r.Results[i:])
		t.add(conformanceRow(r.Results[i : i+same])...)
		i += same
	}
	if err := a.print(t); err != nil {
		return err
	}
	_, err := fmt.Fprintf(a.out, "%s: %d passed, %d failed, %d not claimed, with %s\n",
		oneLine(r.Plugin), r.Passed, r.Failed, r.NotClaimed, strings.Join(r.Serializers, " and "))
	return written(err)
}

// alike is how many results from the first on are of one case and say the same.
func alike(results []conformance.Result) int {
	n := 1
	for n < len(results) && results[n].Case == results[0].Case && results[n].Status == results[0].Status && results[n].Why == results[0].Why {
		n++
	}
	return n
}

// conformanceRow is one line for results that say the same.
func conformanceRow(same []conformance.Result) []cell {
	colors := map[conformance.Status]string{conformance.Passed: green, conformance.Failed: red, conformance.NotClaimed: yellow}
	var serializers []string
	for _, r := range same {
		if r.Serializer != "" {
			serializers = append(serializers, strings.TrimSuffix(r.Serializer, "Serializer"))
		}
	}
	first := same[0]
	says := first.Title
	if first.Why != "" {
		says += ": " + first.Why
	}
	if first.Status == conformance.Failed {
		says += " (docs/protocol.md, " + first.Section + ")"
	}
	return []cell{{string(first.Status), colors[first.Status]}, text(first.Case), text(strings.Join(serializers, ", ")), text(says)}
}
