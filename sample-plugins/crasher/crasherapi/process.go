package crasherapi

import "github.com/go-hotplug/hotplug/rpc"

// Ends of a process, and what stands in the way of one.
const (
	// Exit ends the process at once with Code. It never answers.
	Exit rpc.Method[ExitRequest, struct{}] = "crasher.exit"

	// Signal sends the process itself a signal: 9 kills it, 11 is a segmentation fault, 19 (on Linux) stops it without ending it.
	// It answers if the process lives on. rpc.Unimplemented on Windows.
	Signal rpc.Method[SignalRequest, struct{}] = "crasher.signal"

	// PanicGoroutine panics outside of any handler, which ends the process with code 2 and a trace. It never answers.
	PanicGoroutine rpc.Method[PanicRequest, struct{}] = "crasher.panicGoroutine"

	// IgnoreSignals makes SIGTERM, SIGINT and SIGHUP have no effect from now on.
	IgnoreSignals rpc.Method[struct{}, struct{}] = "crasher.ignoreSignals"

	// Grandchild starts a process that sleeps, and answers with its pid. Nothing ever waits for it.
	Grandchild rpc.Method[GrandchildRequest, Process] = "crasher.grandchild"

	// Allocate takes memory, touches every page of it, and keeps it until the process ends.
	Allocate rpc.Method[AllocateRequest, struct{}] = "crasher.allocate"

	// Describe tells what the process was given.
	Describe rpc.Query[struct{}, Process] = "crasher.describe"
)

// ExitRequest says how to end.
type ExitRequest struct {
	Code   int    `json:"code"`
	Stderr string `json:"stderr,omitempty"` // written first, followed by a newline
	Stdout string `json:"stdout,omitempty"` // written first, followed by a newline
}

// SignalRequest is a signal by its number.
type SignalRequest struct {
	Signal int `json:"signal"`
}

// GrandchildRequest says what the grandchild is like.
type GrandchildRequest struct {
	ForMS         int64 `json:"forMs"`                   // how long it lives; 0: until it is killed
	ClosePipes    bool  `json:"closePipes,omitempty"`    // it does not hold stdout and stderr open
	Session       bool  `json:"session,omitempty"`       // it leaves the plugin's process group and session; not on Windows
	IgnoreSignals bool  `json:"ignoreSignals,omitempty"` // SIGTERM, SIGINT and SIGHUP have no effect on it
}

// AllocateRequest is an amount of memory.
type AllocateRequest struct {
	Bytes int64 `json:"bytes"`
}

// Process is what a process knows of itself.
type Process struct {
	PID   int      `json:"pid"`
	Build string   `json:"build,omitempty"` // set with -ldflags "-X main.build=...", to tell two builds apart
	Path  string   `json:"path,omitempty"`  // of the executable
	Dir   string   `json:"dir,omitempty"`   // the working folder
	Args  []string `json:"args,omitempty"`  // without the program's name
	Env   []string `json:"env,omitempty"`   // sorted
}
