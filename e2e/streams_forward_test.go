//go:build linux

package e2e_test

import (
	"testing"
	"time"

	"github.com/go-hotplug/hotplug/e2e/internal/oddityapi"
	"github.com/go-hotplug/hotplug/host"
	"github.com/go-hotplug/hotplug/rpc"
)

func TestEveryKindOfMessageIsForwardedBetweenPluginsOfDifferentSerializers(t *testing.T) {
	for from, to := range map[string]string{"MessagePackSerializer": "JsonSerializer", "JsonSerializer": "MessagePackSerializer"} {
		t.Run(from, func(t *testing.T) {
			s := newSite(t)
			s.oddity("", m{"serializer": from})
			s.twin(to)
			h := s.open(func(c *host.Config) { c.Handlers = forwarded("twin") })
			p := h.Plugin("oddity")
			if got, err := oddityapi.Relay.Call(t.Context(), p, number{N: 50}); got.N != 50*51 || err != nil {
				t.Errorf("a method: %d, %v", got.N, err)
			}
			_, err := oddityapi.Tell.Call(t.Context(), p, number{N: 10})
			mustDo(t, err)
			heard(t, p, 55)
			for _, plugin := range []string{"twin", "oddity"} { // directly, and by way of the oddity and the host
				streamsAreAnswered(t, h.Plugin(plugin))
			}
			s.goesOn(h)
		})
	}
}

// forwarded are handlers that forward all that a host is asked.
func forwarded(to string) (all []rpc.Handler) {
	for _, message := range []rpc.Relayable{
		oddityapi.Double, oddityapi.Keep, oddityapi.Heard, oddityapi.Told, oddityapi.HostCount, oddityapi.HostSum, oddityapi.HostChat,
	} {
		all = append(all, host.Forward(message, to))
	}
	return all
}

// heard waits until the notices that were sent have arrived: a query that is forwarded may overtake them.
func heard(t *testing.T, p rpc.Peer, want int64) {
	t.Helper()
	until(t, 10*time.Second, "heard what was told", func() bool {
		got, err := oddityapi.Heard.Call(t.Context(), p, struct{}{})
		mustDo(t, err)
		return got.N == want
	})
}

// streamsAreAnswered tries what a host answers, or passes on.
func streamsAreAnswered(t *testing.T, p rpc.Peer) {
	t.Helper()
	var last rpc.Progress
	ctx := rpc.OnProgress(t.Context(), func(p rpc.Progress) { last = p })
	got, err := read(oddityapi.HostCount.Open(ctx, p, number{N: 1000}))
	if len(got) != 1000 || got[999] != 1000 || err != nil || last != (rpc.Progress{Done: 1000, Total: 1000}) {
		t.Errorf("a stream: %d items, last report %+v, %v", len(got), last, err)
	}
	if got, err := oddityapi.HostSum.Call(t.Context(), p, upTo(1000)); got.N != 500_500 || err != nil {
		t.Errorf("an upload: %d, %v", got.N, err)
	}
	talks(t, p, oddityapi.HostChat)
}
