package life

import (
	"context"
	"fmt"
	"regexp"
	"slices"

	"github.com/go-hotplug/hotplug/bench/internal/result"
)

// Options say how much to measure. The zero value measures everything, five times.
type Options struct {
	Quick       bool           // fewer launches, shorter windows, fewer plugins, and two repetitions
	Repetitions int            // values of each row; 0: 5, with Quick 2
	Only        *regexp.Regexp // what to measure, by "group/case/variant"; nil: all
}

func (o Options) repetitions() int {
	switch {
	case o.Repetitions > 0:
		return o.Repetitions
	case o.Quick:
		return 2
	}
	return 5
}

// pick is the first with Quick, else the second.
func (o Options) pick(quick, full int) int {
	if o.Quick {
		return quick
	}
	return full
}

// wants reports whether a row, "group/case/variant", is to be measured.
func (o Options) wants(row string) bool { return o.Only == nil || o.Only.MatchString(row) }

// wantsAny reports whether one of the cases is to be measured.
func (o Options) wantsAny(group string, cases []string, variant string) bool {
	return slices.ContainsFunc(cases, func(c string) bool { return o.wants(group + "/" + c + "/" + variant) })
}

// A bench is one run of Measure.
type bench struct {
	Options
	*world
	*table
	progress func(string)
}

// Measure builds the programs, measures, and returns the rows, those of a group together. It takes some minutes, and must be run where Go finds
// this module: programs are built by their import paths. progress, if there is one, is told what is under way. What Only leaves out is not measured
// unless another row needs it.
func Measure(ctx context.Context, o Options, progress func(string)) ([]result.Row, error) {
	if progress == nil {
		progress = func(string) {}
	}
	progress("build the plugins")
	w, err := newWorld(ctx)
	if err != nil {
		return nil, err
	}
	defer w.close()
	b := &bench{Options: o, world: w, table: newTable(o), progress: progress}
	for _, measure := range []func(context.Context) error{b.sizes, b.launches, b.reloads, b.rests, b.hosts} {
		if err := measure(ctx); err != nil {
			return nil, err
		}
	}
	return b.rows(), nil
}

// repeat runs each of the variants once per repetition, beginning with another one each time.
func (b *bench) repeat(ctx context.Context, what string, variants []func(context.Context) error) error {
	if len(variants) == 0 {
		return nil
	}
	n := b.repetitions()
	for r := range n {
		b.progress(fmt.Sprintf("%s, %d of %d", what, r+1, n))
		for i := range rotated(len(variants), r) {
			if err := context.Cause(ctx); err != nil {
				return err
			}
			if err := variants[i](ctx); err != nil {
				return fmt.Errorf("%s: %w", what, err)
			}
		}
	}
	return nil
}

// rotated yields 0 to n-1, beginning at another one for each turn.
func rotated(n, turn int) func(func(int) bool) {
	return func(yield func(int) bool) {
		for i := range n {
			if !yield((i + turn) % n) {
				return
			}
		}
	}
}
