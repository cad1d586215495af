package main

import (
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"flag"
	"fmt"
	"os"
	"os/exec"
	"regexp"
	"slices"
	"strconv"
	"time"

	"github.com/go-hotplug/hotplug/bench/internal/measure"
	"github.com/go-hotplug/hotplug/bench/internal/place"
	"github.com/go-hotplug/hotplug/bench/internal/report"
	"github.com/go-hotplug/hotplug/bench/internal/result"
	"github.com/go-hotplug/hotplug/bench/life"
)

// A choice is what the flags say.
type choice struct {
	only, placement string
	part            string
	reps            int
	time            time.Duration
	quick           bool
	out             string
}

func choose(args []string) (c choice, err error) {
	f := flag.NewFlagSet("bench", flag.ContinueOnError)
	f.StringVar(&c.only, "only", "", "measure what this regular `expression` matches of \"group/case/variant\"")
	f.StringVar(&c.placement, "placement", "", "\"one core\", \"one core each\" or \"free\"; all of them if it is not given")
	f.StringVar(&c.part, "part", "", "\"calls\", or \"life\": launch, reload, memory, size and host start; both if it is not given")
	f.IntVar(&c.reps, "reps", 0, "how often everything is measured; 0: 5 times, with -quick once, or twice for -part life")
	f.DurationVar(&c.time, "time", 0, "how long each thing is measured each time; 0: 120ms, with -quick 20ms")
	f.BoolVar(&c.quick, "quick", false, "see that everything can be measured, and that calls allocate no more than they did; times mean little")
	f.StringVar(&c.out, "out", "", "write all values into this `file`, too, and hold them against the bars")
	if err := f.Parse(args); err != nil {
		return c, err
	}
	if f.NArg() > 0 {
		return c, fmt.Errorf("unexpected arguments %q", f.Args())
	}
	if c.time == 0 {
		c.time = pick(c.quick, 20*time.Millisecond, 120*time.Millisecond)
	}
	return c, c.check()
}

// check looks for what the flags cannot mean.
func (c choice) check() error {
	if _, err := regexp.Compile(c.only); err != nil {
		return fmt.Errorf("-only: %w", err)
	}
	if !slices.Contains([]string{"", "calls", "life"}, c.part) {
		return fmt.Errorf("-part is %q: want calls or life", c.part)
	}
	if known := []place.Placement{"", place.OneCore, place.OneCoreEach, place.Free}; !slices.Contains(known, place.Placement(c.placement)) {
		return fmt.Errorf("-placement is %q: want one of %q", c.placement, known[1:])
	}
	return nil
}

func pick[T any](quick bool, one, other T) T {
	if quick {
		return one
	}
	return other
}

// parts are what a run consists of, in its order.
var parts = []struct {
	name    string
	measure func(context.Context, choice) ([]result.Row, error)
}{{"calls", measureCalls}, {"life", measureLife}}

// run measures, and prints the table.
func run(ctx context.Context, args []string) error {
	c, err := choose(args)
	if err != nil {
		return err
	}
	var rows []result.Row
	for _, part := range parts {
		if c.part != "" && c.part != part.name {
			continue
		}
		more, err := part.measure(ctx, c)
		if err != nil {
			return err
		}
		rows = append(rows, more...)
	}
	if len(rows) == 0 {
		return errors.New("nothing was measured: -only, -placement and -part leave nothing over")
	}
	return c.tell(rows)
}

// measureCalls measures calls with each placement.
func measureCalls(ctx context.Context, c choice) (rows []result.Row, err error) {
	for _, p := range place.Available() {
		if c.placement != "" && c.placement != string(p) {
			continue
		}
		more, err := measureWith(ctx, p, c)
		if err != nil {
			return nil, err
		}
		rows = append(rows, more...)
	}
	return rows, nil
}

// measureLife measures what is not calls; all of it is free.
func measureLife(ctx context.Context, c choice) ([]result.Row, error) {
	if c.placement != "" && c.placement != string(place.Free) {
		return nil, nil
	}
	o := life.Options{Quick: c.quick, Repetitions: c.reps, Only: regexp.MustCompile(c.only)}
	return life.Measure(ctx, o, func(what string) { fmt.Fprintln(os.Stderr, "bench:", what) })
}

// tell prints a run, and writes it down.
func (c choice) tell(rows []result.Row) error {
	if err := report.Table(os.Stdout, rows); err != nil {
		return err
	}
	fmt.Println()
	results := report.New(rows)
	for _, b := range results.Bars {
		fmt.Printf("%s: %.2f, %s\n", b.Bar, b.Value, pick(b.Met, "met", "missed"))
	}
	if c.out != "" {
		if err := results.Write(c.out); err != nil {
			return err
		}
	}
	if c.quick {
		return report.Held(rows)
	}
	return nil
}

// measureCommand has this program measure with the placement that it was started with, and print rows as JSON.
const measureCommand = "measure"

// measureWith has a process with a placement measure.
func measureWith(ctx context.Context, p place.Placement, c choice) (rows []result.Row, err error) {
	path, err := os.Executable()
	if err != nil {
		return nil, err
	}
	cmd := exec.CommandContext(ctx, path, measureCommand, "-placement", string(p), "-only", c.only, "-reps", strconv.Itoa(c.reps),
		"-time", c.time.String(), "-quick="+strconv.FormatBool(c.quick))
	cmd.Stderr = os.Stderr
	cmd.Cancel, cmd.WaitDelay = func() error { return cmd.Process.Signal(os.Interrupt) }, 10*time.Second // it ends those that it calls
	out, err := cmd.StdoutPipe()
	if err != nil {
		return nil, err
	}
	if err := place.Start(cmd, p); err != nil {
		return nil, fmt.Errorf("start a process with the placement %q: %w", p, err)
	}
	err = json.NewDecoder(out).Decode(&rows)
	if ended := cmd.Wait(); ended != nil {
		return nil, fmt.Errorf("the process that measures with the placement %q: %w", p, ended)
	}
	return rows, err
}

func measureHere(ctx context.Context, args []string) error {
	c, err := choose(args)
	if err != nil {
		return err
	}
	rows, err := measure.Run(ctx, measure.Options{
		Placement: place.Placement(c.placement), Only: regexp.MustCompile(c.only), Reps: cmp.Or(c.reps, pick(c.quick, 1, 5)), Time: c.time, Quick: c.quick, Progress: os.Stderr,
	})
	return errors.Join(err, json.NewEncoder(os.Stdout).Encode(rows))
}
