package main

import (
	"context"
	"fmt"

	"github.com/spf13/cobra"

	"github.com/go-hotplug/hotplug/registry"
)

// A reasoning is what why prints as JSON.
type reasoning struct {
	Name    string   `json:"name"`
	Plugins []listed `json:"plugins"`
}

func (a *app) whyCommand() *cobra.Command {
	var f hostFlags
	c := &cobra.Command{
		Use: "why DIR... NAME", Short: "Say why a version of a plugin is used, or none", Args: arguments(2, -1),
		Long: `Why says what became of every copy of one plugin in plugins folders: chosen, shadowed by which, excluded by which constraint of whom, or
broken and how. It starts nothing. The exit code is 1 if a copy is broken, and 4 if no plugin of that name is installed.`,
		Example: "  hotplug why plugins highlight\n  hotplug why --host-version 2.1.0 plugins more-plugins highlight",
		RunE: func(c *cobra.Command, args []string) error {
			last := len(args) - 1
			return a.why(c.Context(), f.options(args[:last]), args[last])
		},
	}
	f.addIdentity(c)
	return c
}

func (a *app) why(ctx context.Context, o registry.Options, name string) error {
	reg, err := scanned(ctx, "why", o)
	if err != nil {
		return err
	}
	x := reg.Explain(name)
	if len(x.Candidates) == 0 {
		a.unreadable(reg)
		return exitf(exitUnavailable, "%s", notChosen(reg, name))
	}
	if err := a.printExplanation(x); err != nil {
		return err
	}
	return a.brokenFound(reg, x.Candidates)
}

func (a *app) printExplanation(x registry.Explanation) error {
	if !a.json {
		_, err := fmt.Fprintln(a.out, printable(x.String()))
		return written(err)
	}
	out := reasoning{Name: x.Name}
	for _, c := range x.Candidates {
		out.Plugins = append(out.Plugins, listedAs(c))
	}
	return a.document(out)
}
