package measure

import (
	"fmt"

	"github.com/go-hotplug/hotplug/bench/internal/contender"
)

// The groups.
const (
	Sequential = "sequential call"
	Throughput = "throughput"
)

// tests is everything that is measured.
func tests() []test {
	all := contender.Names()
	var out []test
	for _, size := range []int{64} {
		out = append(out, test{Sequential, sizeName(size), all, sequential(size)})
	}
	for _, n := range []int{64} {
		out = append(out, test{Throughput, callersName(n), all, together(n, 64)})
	}
	return out
}

func callersName(n int) string {
	if n == 1 {
		return "1 caller"
	}
	return fmt.Sprintf("%d callers", n)
}

func sizeName(n int) string {
	switch {
	case n >= 1<<20:
		return fmt.Sprintf("%d MiB", n>>20)
	case n >= 1<<10:
		return fmt.Sprintf("%d KiB", n>>10)
	}
	return fmt.Sprintf("%d B", n)
}
