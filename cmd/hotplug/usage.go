package main

import (
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"github.com/go-hotplug/hotplug/internal/nearest"
)

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

// task is a command as it stands in an error, behind the program's name; that of the whole is the program's.
func task(c *cobra.Command) string { return strings.TrimPrefix(c.CommandPath(), "hotplug ") }

func unknownCommand(c *cobra.Command, name string) error {
	if near := c.SuggestionsFor(name); len(near) > 0 {
		return fmt.Errorf("no command %q: did you mean %s?", name, strings.Join(near, " or "))
	}
	var known []string
	for _, sub := range c.Commands() {
		if sub.IsAvailableCommand() {
			known = append(known, sub.Name())
		}
	}
	if len(known) == 0 {
		return fmt.Errorf("no command %q: %s has none", name, task(c))
	}
	return fmt.Errorf("no command %q: there are %s", name, strings.Join(known, ", "))
}

// wrongFlag is the library's error of a flag, as a sentence that says what to write instead.
func wrongFlag(c *cobra.Command, err error) error {
	if e, ok := errors.AsType[*pflag.NotExistError](err); ok {
		return unknownFlag(c, e.GetSpecifiedName(), e.GetSpecifiedShortnames())
	}
	if e, ok := errors.AsType[*pflag.ValueRequiredError](err); ok {
		return fmt.Errorf("%s: --%s: found nothing behind it, want a value: %s", task(c), e.GetFlag().Name, e.GetFlag().Usage)
	}
	if e, ok := errors.AsType[*pflag.InvalidValueError](err); ok {
		return fmt.Errorf("%s: --%s: found %q, want %s", task(c), e.GetFlag().Name, e.GetValue(), valueOf(e.GetFlag()))
	}
	if e, ok := errors.AsType[*pflag.InvalidSyntaxError](err); ok {
		return fmt.Errorf("%s: found %q, want a flag such as --json, or -- before arguments that begin with a dash", task(c), e.GetSpecifiedFlag())
	}
	return err
}

// valueOf is what a flag takes, of those whose values can be wrong.
func valueOf(f *pflag.Flag) string {
	switch f.Value.Type() {
	case "bool":
		return "true or false"
	case "int":
		return "a whole number"
	}
	return "a " + f.Value.Type() + " such as 5s"
}

// unknownFlag names the nearest flag, or all that there are; short are the letters behind one dash.
func unknownFlag(c *cobra.Command, name, short string) error {
	var known []string
	c.Flags().VisitAll(func(f *pflag.Flag) { known = append(known, f.Name) })
	slices.Sort(known)
	wrong, meant := "--"+name, name
	if short != "" {
		wrong, meant = "-"+short, short
	}
	if near := nearest.Name(meant, known); near != "" {
		return fmt.Errorf("%s: no flag %q: did you mean --%s?", task(c), wrong, near)
	}
	return fmt.Errorf("%s: no flag %q: there are --%s", task(c), wrong, strings.Join(known, ", --"))
}

// strict makes the commands that the library adds, help and completion, refuse what they do not know.
func strict(root *cobra.Command) {
	root.InitDefaultHelpCmd()
	root.InitDefaultCompletionCmd()
	for _, c := range root.Commands() {
		switch c.Name() {
		case "help":
			c.Args = func(_ *cobra.Command, args []string) error {
				found, rest, err := root.Find(args)
				if err != nil || len(rest) == 0 {
					return err
				}
				return unknownCommand(found, rest[0])
			}
		case "completion":
			c.Args = arguments(0, 0)
			c.RunE = func(c *cobra.Command, _ []string) error { return c.Help() }
			for _, shell := range c.Commands() {
				shell.Args = arguments(0, 0)
			}
		}
	}
}
