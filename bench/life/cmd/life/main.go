// Life measures launch, reload, memory and size alone, and prints each row as a line.
package main

import (
	"context"
	"flag"
	"fmt"
	"os"
	"os/signal"
	"regexp"
	"slices"

	"github.com/go-hotplug/hotplug/bench/internal/result"
	"github.com/go-hotplug/hotplug/bench/life"
)

func main() {
	var o life.Options
	flag.BoolVar(&o.Quick, "quick", false, "fewer and shorter measurements")
	flag.IntVar(&o.Repetitions, "repetitions", 0, "values of each row; 0: 5, with -quick 2")
	only := flag.String("only", "", "what to measure: a regular expression for group/case/variant")
	flag.Parse()
	if err := run(o, *only); err != nil {
		fmt.Fprintln(os.Stderr, "life:", err)
		os.Exit(1)
	}
}

func run(o life.Options, only string) (err error) {
	if only != "" {
		if o.Only, err = regexp.Compile(only); err != nil {
			return err
		}
	}
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt)
	defer stop()
	rows, err := life.Measure(ctx, o, func(what string) { fmt.Fprintln(os.Stderr, "life:", what) })
	for _, r := range rows {
		printRow(r)
	}
	return err
}

// printRow prints the median, and from where to where the values go.
func printRow(r result.Row) {
	v := slices.Sorted(slices.Values(r.Values))
	fmt.Printf("%-30s %-26s %-36s %9.3f %-6s %9.3f to %.3f\n", r.Group, r.Case, r.Variant, v[len(v)/2], r.Unit, v[0], v[len(v)-1])
}
