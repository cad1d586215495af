//go:build linux

package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"math/rand/v2"
	"net"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"time"

	"github.com/hashicorp/go-hclog"

	"github.com/go-hotplug/hotplug/e2e/internal/faults"
	"github.com/go-hotplug/hotplug/e2e/internal/leftovers"
	"github.com/go-hotplug/hotplug/host"
	"github.com/go-hotplug/hotplug/registry"
	"github.com/go-hotplug/hotplug/rpc"
)

// A torture is one run.
type torture struct {
	*checker
	site
	seed           uint64
	faults         uint64     // so many were drawn
	dice           *rand.Rand // of the fault that was drawn last: what one fault draws changes none of those behind it
	heirs          heirs
	pluginProgram  string
	hostileProgram string
	rows           []string        // of package faults
	played         map[string]bool // of rows; its goroutine's own until that has ended
	kinds          map[string]int
	deck           []int // the faults that come next
}

// run is the host.
func run() {
	r, err := torment()
	if err != nil {
		r = &report{Examples: []string{err.Error()}}
	}
	text, _ := json.Marshal(r)
	fmt.Println(string(text))
	if !r.OK {
		os.Exit(1)
	}
}

func torment() (*report, error) {
	dir, err := os.MkdirTemp("", "torture")
	if err != nil {
		return nil, err
	}
	defer os.RemoveAll(dir)
	t, err := newTorture(dir)
	if err != nil {
		return nil, err
	}
	if l, err := net.Listen("unix", filepath.Join(dir, "warm")); err == nil { // what the runtime opens for its first socket stays
		l.Close()
	}
	before := leftovers.Now()
	if err := t.open(); err != nil {
		return nil, err
	}
	begin := time.Now()
	window, cancel := context.WithTimeout(context.Background(), time.Duration(minutes()*float64(time.Minute)))
	defer cancel()
	calling, stop := context.WithCancel(context.Background())
	defer stop()
	ended := make(chan struct{})
	go func() { defer close(ended); t.checker.run(calling) }()
	broken := make(chan int)
	go func() { broken <- t.breakRules(window) }()
	for window.Err() == nil {
		t.one()
	}
	t.kinds[ruleBroken] = <-broken
	stop()
	<-ended
	if err := errors.Join(t.host.Close(), t.heirs.end()); err != nil {
		return nil, err
	}
	if err := t.audit(t.records()); err != nil {
		return nil, err
	}
	return t.report(time.Since(begin), before), nil
}

func newTorture(dir string) (t *torture, err error) {
	seed, err := strconv.ParseUint(os.Getenv("SEED"), 10, 64)
	if err != nil {
		seed = rand.Uint64N(1_000_000)
	}
	fmt.Fprintf(os.Stderr, "torture: SEED=%d\n", seed)
	t = &torture{checker: newChecker(), site: site{dir: dir}, heirs: heirs{site: site{dir: filepath.Join(dir, "heirs")}}, seed: seed, played: map[string]bool{}, kinds: map[string]int{}}
	for _, f := range faults.All(faults.Limits, seed) {
		t.rows = append(t.rows, f.Name)
	}
	for _, g := range faults.Greetings() {
		t.rows = append(t.rows, g.Name)
	}
	for _, o := range faults.Outputs {
		t.rows = append(t.rows, o.Name)
	}
	if t.pluginProgram, err = beside(pluginProgram); err != nil {
		return nil, err
	}
	t.hostileProgram, err = beside(hostileProgram)
	if err == nil {
		err = t.make()
	}
	return t, err
}

// open installs the plugins and opens their host.
func (t *torture) open() error {
	for _, name := range append([]string{calm}, victims...) {
		if err := t.install(name, t.pluginProgram, t.manifest(name, nil)); err != nil {
			return err
		}
	}
	granted := host.Settings{Grant: []string{host.GrantAll}}
	h, err := host.Open(context.Background(), host.Config{
		Name: "torture", Dir: t.plugins(), StateDir: filepath.Join(t.dir, "state"), RuntimeDir: t.runtime(), Logger: hclog.NewNullLogger(),
		Watch: true, WatchOptions: registry.WatchOptions{Quiet: 20 * time.Millisecond}, Limits: host.Limits(faults.Limits),
		Plugins:  map[string]host.Settings{hostile: granted},
		Grant:    []string{string(told)},
		Handlers: append(faults.Handlers(nil), told.Handle(t.told), secret.Handle(func(context.Context, job) (answer, error) { return answer{}, nil })),
	})
	if err != nil {
		return err
	}
	t.host = h
	return nil
}

// stuck is more than anything that is done here takes.
const stuck = 30 * time.Second

// one injects one fault, and has what it harmed come back.
func (t *torture) one() {
	ctx, cancel := context.WithTimeout(context.Background(), stuck)
	defer cancel()
	kind, inject := t.draw()
	p := t.host.Plugin(victims[t.dice.IntN(len(victims))])
	t.kinds[kind]++
	defer t.slow(kind, time.Now())
	if err := inject(ctx, p); err != nil {
		t.isWrong("%s, %s: %v", kind, p.Name(), err)
	}
	pause(ctx, time.Duration(t.dice.IntN(50))*time.Millisecond)
	t.restore(ctx, kind, p)
}

// slow says which faults take long, so that a run with few of them can be understood.
func (t *torture) slow(kind string, begin time.Time) {
	if took := time.Since(begin); took > 3*time.Second {
		fmt.Fprintf(os.Stderr, "torture: fault %d, %s, and coming back from that, took %s\n", t.faults, kind, took.Round(time.Millisecond))
	}
}

// draw draws a fault: each once, before any comes again. The seed decides which, and what becomes of the others does not.
func (t *torture) draw() (kind string, inject func(context.Context, *host.Plugin) error) {
	t.faults++
	t.dice = rand.New(rand.NewPCG(t.seed, t.faults))
	if len(t.deck) == 0 {
		t.deck = t.dice.Perm(len(injections) + len(misdeeds))
	}
	n := t.deck[0]
	t.deck = t.deck[1:]
	if n < len(injections) {
		i := injections[n]
		return i.kind, func(ctx context.Context, p *host.Plugin) error { return i.inject(t, ctx, p) }
	}
	what := slices.Sorted(maps.Keys(misdeeds))[n-len(injections)]
	return "a plugin " + what, func(ctx context.Context, p *host.Plugin) error { return t.misdeed(ctx, p, what) }
}

// restore has a plugin answer again: by itself if it does, else with a good version.
func (t *torture) restore(ctx context.Context, kind string, p *host.Plugin) {
	if t.dice.IntN(3) > 0 && p.Status().State == host.Ready && t.answers(ctx, p) == nil {
		return
	}
	err := t.install(p.Name(), t.pluginProgram, t.manifest(p.Name(), nil))
	if err == nil {
		err = p.Enable(ctx)
	}
	if err == nil {
		err = p.Reload(ctx)
	}
	if err == nil {
		err = t.answers(ctx, p)
	}
	if err != nil {
		t.isWrong("%s does not come back after %q: %v; %+v", p.Name(), kind, err, p.Status())
	}
}

func (t *torture) answers(ctx context.Context, p rpc.Peer) error {
	_, err := double.Call(rpc.WithRetry(ctx, 5), p, job{})
	return err
}

func pause(ctx context.Context, d time.Duration) {
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-timer.C:
	case <-ctx.Done():
	}
}
