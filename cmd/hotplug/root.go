package main

import (
	"fmt"

	"github.com/spf13/cobra"
)

// root is the command with all that is below it.
func (a *app) root() *cobra.Command {
	root := &cobra.Command{
		Use:   "hotplug",
		Short: "Host plugins, and look at them",
		Long: `Hotplug hosts a plugins folder, says what is installed in it and why, and calls plugins from the shell.

Results go to stdout, everything else to stderr. Piped output has one row per line, its cells separated by tabs.

` + exitHelp,
		Args:          arguments(0, 0),
		SilenceErrors: true, // report prints them
		SilenceUsage:  true,

		SuggestionsMinimumDistance: 2,
		RunE:                       func(c *cobra.Command, _ []string) error { return c.Help() },
	}
	root.PersistentFlags().BoolVar(&a.json, "json", false, "print JSON")
	root.PersistentFlags().BoolVar(&a.noColor, "no-color", false, "no colours, as with NO_COLOR=1")
	root.AddCommand(a.runCommand(), a.listCommand(), a.validateCommand(), a.describeCommand(), a.callCommand(), a.versionCommand())
	root.AddCommand(a.newCommand(), a.initCommand(), a.whyCommand(), a.lockCommand())
	root.AddCommand(a.statusCommand(), a.logsCommand(), a.eventsCommand(), a.reloadCommand(), a.enableCommand(), a.disableCommand())
	root.AddCommand(a.conformanceCommand())
	root.SetFlagErrorFunc(wrongFlag)
	strict(root)
	return root
}

// counted is "1 plugin", "2 plugins".
func counted(n int, what string) string {
	if n == 1 {
		return "1 " + what
	}
	return fmt.Sprintf("%d %ss", n, what)
}
