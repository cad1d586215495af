package oddityapi

import "github.com/go-hotplug/hotplug/rpc"

const (
	// Who tells who answers.
	Who rpc.Query[struct{}, Self] = "oddity.who"

	// Add adds to the count that the process keeps, and answers with it.
	Add rpc.Method[Number, Number] = "oddity.add"

	// Mark writes a line to the end of the file that EnvMarks names.
	Mark rpc.Notice[Line] = "oddity.mark"

	// Grumble calls Double on the host again and again, in the background, each time for 50 ms, and prints each error on stderr, until the host is gone
	// for good. The Stop hook waits for that.
	Grumble rpc.Method[struct{}, struct{}] = "oddity.grumble"
)

// More environment variables.
const (
	EnvVersion = "ODDITY_VERSION" // what Who says
	EnvMarks   = "ODDITY_MARKS"   // the file that Mark writes to
	EnvBulk    = "ODDITY_BULK"    // how many bytes larger its state is than it needs
	EnvPort    = "ODDITY_PORT"    // in ModePort: the address that it owns
)

// Modes for reloads.
const (
	ModeKeeps      = "keeps"       // it hands its count over
	ModeNoSnapshot = "no-snapshot" // as keeps, but its Snapshot hook fails
	ModeNoRestore  = "no-restore"  // as keeps, but its Restore hook fails
	ModePort       = "port"        // as keeps, and it owns a port, which it gives up and takes again
	ModePortStuck  = "port-stuck"  // as port, but it does not give it up
	ModePortLost   = "port-lost"   // as port, but it does not take it again
	ModeBrittle    = "brittle"     // Who and Add end the process, with 3
	ModeSick       = "sick"        // its Health hook fails
	ModePicky      = "picky"       // its Configure hook fails
)

// Self is what a process says of itself.
type Self struct {
	Version string `json:"version"`
	PID     int    `json:"pid"`
	Count   int64  `json:"count"`
	Config  string `json:"config"` // what its Configure hook was told last
}

// Line is a line of a file.
type Line struct {
	Text   string `json:"text"`
	HoldMS int64  `json:"holdMs,omitempty"` // how long to wait before it is written, or until the notice is cancelled
}
