package host

import "fmt"

// A State is where a plugin is in its life.
type State string

const (
	Starting State = "starting" // waiting for what it requires, launching, in its handshake or Start hook: calls wait
	Ready    State = "ready"    // answers calls
	Disabled State = "disabled" // switched off in the host's settings
	Failed   State = "failed"   // could not start, or ended by itself with an error
	Stopped  State = "stopped"  // ended in order
)

// moves are all that may happen. Each row is one Event.
var moves = map[State][]State{
	"":       {Starting, Disabled, Failed},
	Starting: {Ready, Failed, Stopped},
	Ready:    {Failed, Stopped},
	Failed:   {},
	Stopped:  {},
	Disabled: {},
}

// allowed reports whether the table has this move.
func allowed(from, to State) bool {
	for _, s := range moves[from] {
		if s == to {
			return true
		}
	}
	return false
}

// mustAllow panics on a move that the table does not have: a bug of this package.
func mustAllow(plugin string, from, to State) {
	if !allowed(from, to) {
		panic(fmt.Sprintf("host: plugin %q: no move from %q to %q", plugin, from, to))
	}
}
