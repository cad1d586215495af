package main

import (
	"fmt"
	"strings"

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
	root.AddCommand(a.newCommand(), a.initCommand(), a.whyCommand())
	root.AddCommand(a.conformanceCommand())
	return root
}

// arguments checks how many arguments there are; most below 0 is any number.
func arguments(least, most int) cobra.PositionalArgs {
	return func(c *cobra.Command, args []string) error {
		switch {
		case len(args) < least:
			return fmt.Errorf("%s: found %s, want at least %d: %s", task(c), counted(len(args), "argument"), least, c.UseLine())
		case most == 0 && len(args) > 0 && c.HasSubCommands():
			return unknownCommand(c, args[0])
		case most >= 0 && len(args) > most:
			return fmt.Errorf("%s: found %s, want at most %d: %s", task(c), counted(len(args), "argument"), most, c.UseLine())
		}
		return nil
	}
}

// task is a command as it stands in an error, behind the program's name.
func task(c *cobra.Command) string { return strings.TrimPrefix(c.CommandPath(), "hotplug ") }

func unknownCommand(c *cobra.Command, name string) error {
	if near := c.SuggestionsFor(name); len(near) > 0 {
		return fmt.Errorf("no command %q: did you mean %s?", name, strings.Join(near, " or "))
	}
	return fmt.Errorf("no command %q", name)
}

// counted is "1 plugin", "2 plugins".
func counted(n int, what string) string {
	if n == 1 {
		return "1 " + what
	}
	return fmt.Sprintf("%d %ss", n, what)
}
