//go:build linux

package main

import (
	"context"
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"
	"slices"
	"time"

	"github.com/go-hotplug/hotplug/e2e/internal/faults"
	"github.com/go-hotplug/hotplug/host"
)

// ruleBroken is the kind of fault that is injected all the while, beside all others.
const ruleBroken = "a rule of the protocol is broken"

// breakRules has the hostile plugin play one row of package faults after the other, until ctx ends, and returns how many.
func (t *torture) breakRules(ctx context.Context) (n int) {
	dice := rand.New(rand.NewPCG(t.seed, 0))
	for deck := []int(nil); ctx.Err() == nil; n++ {
		if len(deck) == 0 {
			deck = dice.Perm(len(t.rows))
		}
		row := t.rows[deck[0]]
		deck = deck[1:]
		if err := t.breakRule(row, dice); err != nil {
			t.isWrong("%s, %s: %v", ruleBroken, row, err)
		}
		t.played[row] = true
		pause(ctx, 100*time.Millisecond)
	}
	return n
}

// breakRule installs the hostile plugin with a row, and returns when the host knows of it.
func (t *torture) breakRule(row string, dice *rand.Rand) error {
	ctx, cancel := context.WithTimeout(context.Background(), stuck)
	defer cancel()
	turn, seed := dice.IntN(100), dice.Uint64()
	p, known := t.host.Plugin(hostile), t.knows(hostile)
	if known {
		if err := p.Disable(ctx); err != nil {
			return err
		}
	}
	turns := filepath.Join(t.dir, "turns")
	if err := os.WriteFile(turns, fmt.Append(nil, turn), 0o600); err != nil {
		return err
	}
	m := t.manifest(hostile, members{
		"env":      members{"set": map[string]string{faults.EnvFault: row, faults.EnvTurns: turns, faults.EnvSeed: fmt.Sprint(seed), recordsEnv: t.records()}},
		"restart":  members{"policy": "never"},
		"timeouts": members{"start": "1s", "drain": "200ms", "stop": "100ms"}, "health": members{"interval": "300ms", "misses": 2},
		"permissions": members{"calls": []string{"*"}}, "limits": members{},
	})
	if err := t.install(hostile, t.hostileProgram, m); err != nil {
		return err
	}
	if !known {
		return t.meets(ctx, hostile)
	}
	_ = p.Enable(ctx) // whatever becomes of it
	return nil
}

// knows reports whether the host has seen that a plugin was installed.
func (t *torture) knows(name string) bool {
	return slices.ContainsFunc(t.host.Plugins(), func(p *host.Plugin) bool { return p.Name() == name })
}

// meets waits until it has.
func (t *torture) meets(ctx context.Context, name string) error {
	for !t.knows(name) {
		if ctx.Err() != nil {
			return fmt.Errorf("the host has not seen in %s that %s was installed", stuck, name)
		}
		pause(ctx, 10*time.Millisecond)
	}
	return nil
}
