//go:build linux

package main

import (
	"context"
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"
	"time"

	"github.com/go-hotplug/hotplug/e2e/internal/faults"
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
		if err := t.breakRule(row, n > 0, dice); err != nil {
			t.isWrong("%s, %s: %v", ruleBroken, row, err)
		}
		t.played[row] = true
	}
	return n
}

// breakRule installs the hostile plugin with a row, and gives it a moment.
func (t *torture) breakRule(row string, installed bool, dice *rand.Rand) error {
	ctx, cancel := context.WithTimeout(context.Background(), stuck)
	defer cancel()
	turn, seed := dice.IntN(100), dice.Uint64()
	p := t.host.Plugin(hostile)
	if installed {
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
	if installed {
		_ = p.Enable(ctx) // whatever becomes of it
	}
	pause(ctx, 100*time.Millisecond)
	return nil
}
