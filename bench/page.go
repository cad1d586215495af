package main

import (
	"context"
	"flag"
	"os"

	"github.com/go-hotplug/hotplug/bench/internal/report"
)

// page writes the document of a run.
func page(_ context.Context, args []string) error {
	f := flag.NewFlagSet("bench page", flag.ContinueOnError)
	results := f.String("results", "bench/results.json", "what a run has written: a `file`")
	text := f.String("text", "bench/page.md", "the part that is written by hand: a `file`")
	out := f.String("out", "docs/benchmarks.md", "where to write the page: a `file`")
	if err := f.Parse(args); err != nil {
		return err
	}
	r, err := report.Read(*results)
	if err != nil {
		return err
	}
	hand, err := os.ReadFile(*text)
	if err != nil {
		return err
	}
	return os.WriteFile(*out, []byte(report.Page(r, string(hand))), 0o644)
}
