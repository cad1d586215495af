package oddityapi

import "github.com/go-hotplug/hotplug/rpc"

const (
	// Descriptors lists what the process has open: the number and what it leads to.
	Descriptors rpc.Query[struct{}, List] = "oddity.descriptors"

	// Hold allocates N bytes, writes to all of them, and keeps them. The answer is how many bytes it holds.
	Hold rpc.Method[Number, Number] = "oddity.hold"

	// Open opens the null device N times, keeps what it got, and answers with the error.
	Open rpc.Method[Number, struct{}] = "oddity.open"

	// CloseOutput closes descriptors 1 and 2.
	CloseOutput rpc.Method[struct{}, struct{}] = "oddity.closeOutput"

	// Leave makes the root of the file system the folder in which the process works.
	Leave rpc.Method[struct{}, struct{}] = "oddity.leave"

	// Log writes a line at each level, with fields.
	Log rpc.Method[struct{}, struct{}] = "oddity.log"

	// Print writes text to stdout or stderr, as it is.
	Print rpc.Method[Text, struct{}] = "oddity.print"

	// Relay calls Double on the host for 1 to N, all at once, and answers with the sum.
	Relay rpc.Method[Number, Number] = "oddity.relay"

	// Tell sends N notices to the host, numbered from 1.
	Tell rpc.Method[Number, struct{}] = "oddity.tell"

	// Slow answers after N milliseconds, whatever its context says. Started is sent to the host first.
	Slow rpc.Method[Number, Number] = "oddity.slow"

	// Freeze makes the Go runtime stand still, if GODEBUG has asyncpreemptoff=1: no goroutine runs any more but those that spin.
	Freeze rpc.Method[struct{}, struct{}] = "oddity.freeze"

	// Orphan starts a child that sleeps for two minutes, waits until its context ends, and then ends its own process, with 1.
	Orphan rpc.Method[struct{}, struct{}] = "oddity.orphan"

	// Whole is answered with an int64.
	Whole rpc.Query[Number, Number] = "oddity.whole"
)

// Answered by the host.
const (
	Double  rpc.Method[Number, Number] = "e2e.double"
	Keep    rpc.Query[Number, Number]  = "e2e.keep"
	Told    rpc.Notice[Number]         = "e2e.told"
	Started rpc.Notice[Number]         = "e2e.started"
)

// Environment variables, set by the manifest.
const (
	EnvMode     = "ODDITY"           // one of the modes
	EnvStopFile = "ODDITY_STOP_FILE" // the Stop hook writes to it

	// EnvFault is a hook in which a process is killed or stopped: "start kill self", "snapshot stop host". Of hooks there are launch (the beginning of the
	// program), start, configure, configured (a moment after it), snapshot, restore, release, resume and stop. It happens once: whoever does it makes the file that EnvFaultFile names.
	EnvFault     = "ODDITY_FAULT"
	EnvFaultFile = "ODDITY_FAULT_FILE"
)

// Modes.
const (
	ModeKill     = "kill"      // ends itself with SIGKILL at once
	ModeVersion  = "version"   // picks a protocol version that was not offered
	ModeFuture   = "future"    // speaks only a later protocol version
	ModeIdentity = "identity"  // states another name and version than its manifest
	ModeJSON     = "json"      // insists on JsonSerializer
	ModeUses     = "uses"      // declares that it calls a message that no host handles
	ModeNarrow   = "narrow"    // handles Whole with an int8
	ModeNoStart  = "no-start"  // its Start hook fails
	ModeHugeLog  = "huge-log"  // its Start hook writes a megabyte to stderr, without a newline
	ModeCallback = "callback"  // its Start hook calls Double on the host
	ModeStopHang = "stop-hang" // its Stop hook writes to the file and does not return
	ModeNoStop   = "no-stop"   // it has no Stop hook
	ModeAnswers  = "answers"   // it answers what else the host answers, rather than pass it on
)

// Number is a number.
type Number struct {
	N int64 `json:"n"`
}

// Text is text for a stream.
type Text struct {
	Stderr bool   `json:"stderr,omitempty"`
	Text   string `json:"text"`
}

// List is a list of texts.
type List struct {
	Items []string `json:"items"`
}
