package measure

import (
	"context"
	"errors"
	"fmt"
	"io"
	"regexp"
	"time"

	"github.com/go-hotplug/hotplug/bench/internal/contender"
	"github.com/go-hotplug/hotplug/bench/internal/place"
	"github.com/go-hotplug/hotplug/bench/internal/result"
)

// Options say what to measure and for how long.
type Options struct {
	Placement place.Placement // of this process: rows carry it
	Only      *regexp.Regexp  // measured is what it matches of "group/case/variant"; nil: everything
	Reps      int             // how often everything is measured
	Time      time.Duration   // of one measurement, without its warm-up
	Quick     bool            // smaller streams, and fewer of them
	Progress  io.Writer
}

// A test is one thing that is measured of several contenders.
type test struct {
	group, name string
	contenders  []string
	fresh       bool // of processes of its own, because it changes them
	run         func(ctx context.Context, c contender.Contender) ([]reading, error)
}

// A reading is one number that a test yields.
type reading struct {
	unit  string
	value float64
}

// A bench holds what is open between measurements.
type bench struct {
	Options
	group string // that is measured
	open  map[string]contender.Contender
	rows  []result.Row
	at    map[string]int // by group, case, variant and unit: of rows
}

// Run measures: in each repetition each test, in each test each contender, so that what the machine does meanwhile hits all alike.
// Who comes first changes with the repetition.
func Run(ctx context.Context, o Options) (rows []result.Row, err error) {
	b := &bench{Options: o, open: map[string]contender.Contender{}, at: map[string]int{}}
	defer func() { err = errors.Join(err, b.close()) }()
	for rep := range o.Reps {
		for _, t := range o.tests() {
			for _, name := range Rotated(b.wanted(t), rep) {
				if err := b.measure(ctx, t, name, rep); err != nil {
					return nil, fmt.Errorf("%s, %s, %s: %w", t.group, t.name, name, err)
				}
			}
		}
	}
	return b.rows, nil
}

// Rotated is the same elements, beginning with another one in each turn.
func Rotated[T any](all []T, turn int) []T {
	if len(all) == 0 {
		return nil
	}
	first := turn % len(all)
	return append(append([]T(nil), all[first:]...), all[:first]...)
}

func (b *bench) wanted(t test) (names []string) {
	for _, name := range t.contenders {
		if b.Only == nil || b.Only.MatchString(t.group+"/"+t.name+"/"+name) {
			names = append(names, name)
		}
	}
	return names
}

func (b *bench) measure(ctx context.Context, t test, name string, rep int) error {
	if t.group != b.group {
		b.group = t.group
		fmt.Fprintf(b.Progress, "bench: %s, %d of %d: %s\n", b.Placement, rep+1, b.Reps, t.group)
	}
	c, err := b.contender(ctx, name, t.fresh)
	if err != nil {
		return err
	}
	readings, err := t.run(ctx, c)
	for _, r := range readings {
		b.add(t, name, r)
	}
	if t.fresh {
		err = errors.Join(err, c.Close())
	}
	return err
}

// contender is open from its first measurement to the end, unless a fresh one is wanted.
func (b *bench) contender(ctx context.Context, name string, fresh bool) (contender.Contender, error) {
	if c, there := b.open[name]; there && !fresh {
		return c, nil
	}
	c, err := contender.Open(ctx, name)
	if err == nil && !fresh {
		b.open[name] = c
	}
	return c, err
}

func (b *bench) add(t test, name string, r reading) {
	key := fmt.Sprint(t.group, "/", t.name, "/", name, "/", r.unit)
	i, there := b.at[key]
	if !there {
		i = len(b.rows)
		b.at[key] = i
		b.rows = append(b.rows, result.Row{Group: t.group, Case: t.name, Variant: name, Placement: string(b.Placement), Unit: r.unit})
	}
	b.rows[i].Values = append(b.rows[i].Values, r.value)
}

func (b *bench) close() (err error) {
	for _, c := range b.open {
		err = errors.Join(err, c.Close())
	}
	return err
}
