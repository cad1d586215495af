package report

import (
	"fmt"

	"github.com/go-hotplug/hotplug/bench/internal/contender"
	"github.com/go-hotplug/hotplug/bench/internal/measure"
	"github.com/go-hotplug/hotplug/bench/internal/place"
	"github.com/go-hotplug/hotplug/bench/internal/result"
)

// held is what a quick run insists on: it judges no time, and what is reached once is to stay. Each is up to one allocation more than was seen.
var held = []struct {
	group, name string
	allocs      float64 // of a call, in the host, at most
}{
	{measure.Sequential, measure.Bytes(64), 7},
	{measure.Throughput, measure.Callers(64), 4},
}

// Held is an error if a call of hotplug allocates more than it did.
func Held(all []result.Row) error {
	for _, h := range held {
		for _, p := range []place.Placement{place.OneCore, place.OneCoreEach, place.Free} {
			n, measured := median(h.group, h.name, p, "allocs", contender.Hotplug)(all)
			if measured && n > h.allocs {
				return fmt.Errorf("%s, %s, %s: a call of %s allocates %.1f times in the host, expected at most %v: see what allocates with "+
					"go test -bench and -memprofile in rpc", h.group, h.name, p, contender.Hotplug, n, h.allocs)
			}
		}
	}
	return nil
}
