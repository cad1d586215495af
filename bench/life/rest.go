package life

import (
	"context"
	"errors"
	"time"
)

const restGroup = "memory at rest"

// rests measures the memory of each peer's smallest plugin, after one call.
func (b *bench) rests(ctx context.Context) error {
	if !memoryTold {
		return nil
	}
	var variants []func(context.Context) error
	for _, p := range peers {
		if b.wantsAny(restGroup, []string{"plugin, RSS", "plugin, PSS"}, p.name) {
			variants = append(variants, func(ctx context.Context) error { return b.rest(ctx, p) })
		}
	}
	return b.repeat(ctx, restGroup, variants)
}

// settle is how long a process gets to come to rest.
const settle = 200 * time.Millisecond

func (b *bench) rest(ctx context.Context, p peer) (err error) {
	s, err := p.launch(ctx, b.world, b.program(p.program))
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, s.end()) }()
	if err := s.answers(ctx); err != nil {
		return err
	}
	time.Sleep(settle)
	resident, err := residentOf(s.pid)
	if err != nil {
		return err
	}
	b.add(restGroup, "plugin, RSS", p.name, "MiB", mib(resident))
	if proportional, err := proportionalOf(s.pid); err == nil { // a kernel may do without
		b.add(restGroup, "plugin, PSS", p.name, "MiB", mib(proportional))
	}
	return nil
}
