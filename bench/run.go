package main

import (
	"context"
	"encoding/json"
	"errors"
	"flag"
	"fmt"
	"os"
	"os/exec"
	"regexp"
	"strconv"
	"time"

	"github.com/go-hotplug/hotplug/bench/internal/measure"
	"github.com/go-hotplug/hotplug/bench/internal/place"
	"github.com/go-hotplug/hotplug/bench/internal/report"
	"github.com/go-hotplug/hotplug/bench/internal/result"
)

// measureCommand has this program measure with the placement that it was started with, and print rows as JSON.
const measureCommand = "measure"

// A choice is what the flags say.
type choice struct {
	only, placement string
	reps            int
	time            time.Duration
	quick           bool
}

func choose(args []string) (c choice, err error) {
	f := flag.NewFlagSet("bench", flag.ContinueOnError)
	f.StringVar(&c.only, "only", "", "measure what this regular expression matches of \"group/case/variant\"")
	f.StringVar(&c.placement, "placement", "", "\"one core\", \"one core each\" or \"free\"; all of them if it is not given")
	f.IntVar(&c.reps, "reps", 5, "how often everything is measured")
	f.DurationVar(&c.time, "time", 150*time.Millisecond, "how long each thing is measured each time")
	f.BoolVar(&c.quick, "quick", false, "smaller streams, and fewer of them")
	if err := f.Parse(args); err != nil {
		return c, err
	}
	if f.NArg() > 0 {
		return c, fmt.Errorf("unexpected arguments %q", f.Args())
	}
	return c, nil
}

// run measures with each placement and prints the table.
func run(ctx context.Context, args []string) error {
	c, err := choose(args)
	if err != nil {
		return err
	}
	var rows []result.Row
	for _, p := range place.Available() {
		if c.placement != "" && c.placement != string(p) {
			continue
		}
		more, err := measureWith(ctx, p, c)
		if err != nil {
			return err
		}
		rows = append(rows, more...)
	}
	return report.Table(os.Stdout, rows)
}

// measureWith has a process with a placement measure.
func measureWith(ctx context.Context, p place.Placement, c choice) (rows []result.Row, err error) {
	path, err := os.Executable()
	if err != nil {
		return nil, err
	}
	cmd := exec.CommandContext(ctx, path, measureCommand, "-placement", string(p), "-only", c.only, "-reps", strconv.Itoa(c.reps), "-time", c.time.String(), "-quick="+strconv.FormatBool(c.quick))
	cmd.Stderr = os.Stderr
	out, err := cmd.StdoutPipe()
	if err != nil {
		return nil, err
	}
	if err := place.Start(cmd, p); err != nil {
		return nil, fmt.Errorf("start a process with the placement %q: %w", p, err)
	}
	err = json.NewDecoder(out).Decode(&rows)
	return rows, errors.Join(cmd.Wait(), err)
}

func measureHere(ctx context.Context, args []string) error {
	c, err := choose(args)
	if err != nil {
		return err
	}
	only, err := regexp.Compile(c.only)
	if err != nil {
		return fmt.Errorf("-only: %w", err)
	}
	rows, err := measure.Run(ctx, measure.Options{
		Placement: place.Placement(c.placement), Only: only, Reps: c.reps, Time: c.time, Quick: c.quick, Progress: os.Stderr,
	})
	if err != nil {
		return err
	}
	return json.NewEncoder(os.Stdout).Encode(rows)
}
