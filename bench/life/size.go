package life

import (
	"context"
	"os"
)

// sizes is how large the smallest plugin of each peer is, stripped. It is the same in each repetition.
func (b *bench) sizes(context.Context) error {
	for range b.repetitions() {
		for _, p := range peers {
			info, err := os.Stat(b.program(p.program))
			if err != nil {
				return err
			}
			b.add("stripped binary", "smallest plugin", p.name, "MiB", mib(info.Size()))
		}
	}
	return nil
}
