package host

import "fmt"

// A State is where a plugin is in its life.
type State string

const (
	Starting     State = "starting"     // waiting for what it requires, launching, in its handshake or Start hook: calls wait
	Ready        State = "ready"        // answers calls
	Reloading    State = "reloading"    // a new instance is being prepared; the old one answers calls, or they wait for a moment
	Backoff      State = "backoff"      // crashed; it is started again in a moment: calls wait
	Quarantined  State = "quarantined"  // crashed too often: new files, or a person, lift it
	Disconnected State = "disconnected" // its process runs and the host has ended the connection: calls fail, unless they say rpc.Wait
	Idle         State = "idle"         // lazy, or unused for a while: its next call starts it
	Disabled     State = "disabled"     // switched off
	Failed       State = "failed"       // cannot run: broken, refused, or ended with an error and not to be started again
	Stopped      State = "stopped"      // ended in order
)

// moves are all that may happen. Each row is one Event.
var moves = map[State][]State{
	"":           {Starting, Idle, Disabled, Failed},
	Starting:     {Ready, Backoff, Quarantined, Failed, Stopped},
	Ready:        {Ready, Reloading, Disconnected, Backoff, Quarantined, Idle, Disabled, Failed, Stopped},
	Reloading:    {Ready, Backoff, Quarantined, Failed, Stopped},
	Backoff:      {Starting, Idle, Disabled, Failed, Stopped},
	Quarantined:  {Starting, Idle, Disabled, Quarantined, Failed, Stopped},
	Disconnected: {Ready, Backoff, Quarantined, Disabled, Failed, Stopped},
	Idle:         {Starting, Disabled, Failed, Stopped},
	Disabled:     {Starting, Idle, Failed, Stopped},
	Failed:       {Starting, Idle, Disabled, Failed, Stopped},
	Stopped:      {Starting, Idle, Disabled, Failed},
}

// waits reports whether a call in this state waits for what comes next.
func (s State) waits() bool {
	switch s {
	case "", Starting, Ready, Reloading, Backoff, Idle: // "": its host is being opened; Ready without an instance: it is being buried
		return true
	}
	return false
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
