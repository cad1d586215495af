// Bench compares hotplug with other ways of calling a process. It is the measuring process and each of those that are called:
//
//	bench run        measure everything and print a table
//	bench page       write docs/benchmarks.md from bench/results.json
//
// What else there is, -help says:
//
//	bench run -only 'sequential call/64 B' -placement 'one core' -reps 3 -time 100ms
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"os"
	"os/signal"

	"github.com/go-hotplug/hotplug/bench/internal/contender"
	"github.com/go-hotplug/hotplug/bench/internal/place"
)

func main() {
	if len(os.Args) == 3 && os.Args[1] == contender.ServeCommand {
		end(errors.Join(place.TakeCore(), contender.Serve(os.Args[2])))
	}
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt)
	defer stop()
	end(command(ctx, os.Args[1:]))
}

// end exits the process.
func end(err error) {
	switch {
	case err == nil:
		os.Exit(0)
	case errors.Is(err, flag.ErrHelp):
		os.Exit(64)
	}
	fmt.Fprintln(os.Stderr, "bench:", err)
	os.Exit(1)
}

func command(ctx context.Context, args []string) error {
	commands := map[string]func(context.Context, []string) error{"run": run, "page": page, measureCommand: measureHere}
	if len(args) == 0 || commands[args[0]] == nil {
		return errors.New("want a command: run, or page")
	}
	return commands[args[0]](ctx, args[1:])
}
