package report

import (
	"fmt"
	"slices"

	"github.com/go-hotplug/hotplug/bench/internal/contender"
	"github.com/go-hotplug/hotplug/bench/internal/measure"
	"github.com/go-hotplug/hotplug/bench/internal/place"
	"github.com/go-hotplug/hotplug/bench/internal/result"
)

// held is what a quick run insists on: it judges no time, and what is reached once is to stay. Each is half an allocation more than was seen, for what else allocates in that time.
var held = []struct {
	group, name string
	allocs      float64 // of a call, in the host, at most
}{
	{measure.Sequential, measure.Bytes(64), 3.5},
	{measure.Throughput, measure.Callers(64), 3.5},
}

// Held is an error if a call of hotplug allocates more than it did. The placement with the least counts: on a busy machine a short
// measurement has few calls, and what else allocates is shared among them.
func Held(all []result.Row) error {
	for _, h := range held {
		var seen []float64
		for _, p := range []place.Placement{place.OneCore, place.OneCoreEach, place.Free} {
			if n, measured := median(h.group, h.name, p, "allocs", contender.Hotplug)(all); measured {
				seen = append(seen, n)
			}
		}
		if len(seen) > 0 && slices.Min(seen) > h.allocs {
			return fmt.Errorf("%s, %s: a call of %s allocates %.1f times in the host, expected at most %v: see what allocates with "+
				"go test -bench and -memprofile in rpc", h.group, h.name, contender.Hotplug, slices.Min(seen), h.allocs)
		}
	}
	return nil
}
