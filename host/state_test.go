package host_test

import (
	"fmt"
	"strings"
	"testing"

	"github.com/go-hotplug/hotplug/host"
)

var states = []host.State{"", host.Starting, host.Ready, host.Reloading, host.Backoff, host.Quarantined, host.Disconnected, host.Idle, host.Disabled, host.Failed, host.Stopped}

func TestEveryStateIsInTheTableAndCanBeReached(t *testing.T) {
	reached := map[host.State]bool{"": true}
	for range states {
		for from, next := range host.Moves {
			for _, to := range next {
				reached[to] = reached[to] || reached[from]
			}
		}
	}
	for _, s := range states {
		if _, ok := host.Moves[s]; !ok || !reached[s] {
			t.Errorf("state %q: in the table %v, reached %v", s, ok, reached[s])
		}
	}
	if len(host.Moves) != len(states) {
		t.Errorf("the table has %d states, known are %d", len(host.Moves), len(states))
	}
}

func TestAMoveThatIsNotInTheTablePanicsAndNamesIt(t *testing.T) {
	allowed := 0
	for _, from := range states {
		for _, to := range states {
			legal := false
			for _, s := range host.Moves[from] {
				legal = legal || s == to
			}
			said := panicOf(func() { host.MustAllow("greeter", from, to) })
			if legal {
				allowed++
			}
			want := fmt.Sprintf("plugin %q: no move from %q to %q", "greeter", from, to)
			if legal != (said == "") || said != "" && !strings.Contains(said, want) {
				t.Errorf("%q to %q: legal %v, said %q", from, to, legal, said)
			}
		}
	}
	if allowed != 57 {
		t.Errorf("%d moves are allowed, want 57", allowed)
	}
}

func panicOf(f func()) (said string) {
	defer func() {
		if p := recover(); p != nil {
			said = fmt.Sprint(p)
		}
	}()
	f()
	return ""
}
