// Bench compares hotplug with other ways of calling a process. It is the measuring process and each of those that are called:
//
//	bench run                  measure everything, with each placement, and print a table
//	bench run -only 'sequential call/64 B' -reps 3 -time 100ms
//
// -only is a regular expression for "group/case/variant".
package main

import (
	"context"
	"errors"
	"fmt"
	"os"

	"github.com/go-hotplug/hotplug/bench/internal/contender"
	"github.com/go-hotplug/hotplug/bench/internal/place"
)

func main() {
	if err := command(context.Background(), os.Args[1:]); err != nil {
		fmt.Fprintln(os.Stderr, "bench:", err)
		os.Exit(1)
	}
}

func command(ctx context.Context, args []string) error {
	if len(args) == 2 && args[0] == contender.ServeCommand {
		return errors.Join(place.TakeCore(), contender.Serve(args[1]))
	}
	if len(args) == 0 {
		return errors.New("want a command: run")
	}
	switch args[0] {
	case "run":
		return run(ctx, args[1:])
	case measureCommand:
		return measureHere(ctx, args[1:])
	}
	return fmt.Errorf("no command is called %q: there is run", args[0])
}
