package control

import (
	"time"

	"github.com/go-hotplug/hotplug/rpc"
)

// Version is the version of this contract: what both ends offer in the handshake of a control socket. Fields and messages may be added
// within a version.
const Version = 1

// The messages that a host answers. What is said about a plugin that was never installed is NotFound, and names the nearest.
const (
	// Status says what the host is and how its plugins are.
	Status rpc.Query[StatusRequest, Report] = "control.status"

	// Reload, Enable and Disable do what the methods of the same name of a plugin's handle do, and answer how the plugin is then. Their error is what
	// that method returned. A caller that gives up ends the waiting, and not what was begun.
	Reload  rpc.Method[Target, Plugin] = "control.reload"
	Enable  rpc.Method[Target, Plugin] = "control.enable"
	Disable rpc.Method[Target, Plugin] = "control.disable"

	// Logs yields lines of the host's log, oldest first, and with Follow those that come, until the host ends.
	Logs rpc.Stream[LogsRequest, Line] = "control.logs"

	// Events yields changes of plugins' states, oldest first, and with Follow those that come, until the host ends.
	Events rpc.Stream[EventsRequest, Event] = "control.events"
)

// A StatusRequest asks for everything.
type StatusRequest struct{}

// A Target names a plugin.
type Target struct {
	Plugin string `json:"plugin"`
}

// A Report is a host, and all that is installed in its folders, by name.
type Report struct {
	Host    Host     `json:"host"`
	Plugins []Plugin `json:"plugins"`
}

// A Host is a process that hosts plugins.
type Host struct {
	Name    string    `json:"name"`
	Version string    `json:"version,omitempty"`
	PID     int       `json:"pid"`
	Since   time.Time `json:"since"`   // when its control socket was opened
	Folders []string  `json:"folders"` // its plugins folders, absolute
}

// A Plugin is a snapshot of one plugin.
type Plugin struct {
	Name           string        `json:"name"`
	Version        string        `json:"version,omitempty"`
	State          string        `json:"state"`                    // starting, ready, reloading, backoff, quarantined, idle, disabled, failed or stopped
	Reason         string        `json:"reason,omitempty"`         // one sentence
	Error          string        `json:"error,omitempty"`          // why it failed, with the last lines that it wrote; of one that runs, why what is installed does not
	Since          time.Time     `json:"since"`                    // when it came into this state
	Generation     int           `json:"generation"`               // which launch, from 1; 0 before the first
	PID            int           `json:"pid,omitempty"`            // 0 if there is no process
	Pending        int           `json:"pending"`                  // calls to it in flight
	Oldest         time.Duration `json:"oldest,omitempty"`         // for how long the oldest of them has waited; in JSON, nanoseconds
	Serving        int           `json:"serving"`                  // calls of it that the host is handling
	Streams        int           `json:"streams"`                  // calls with streams that are open, in either direction; Pending and Serving count them too
	Notices        int           `json:"notices"`                  // notices to it that it has not handled
	Left           int           `json:"left,omitempty"`           // calls to it that were given up and whose handlers have not ended
	Denied         uint64        `json:"denied,omitempty"`         // messages of it that the host refused, because they are not permitted
	DroppedReplies uint64        `json:"droppedReplies,omitempty"` // answers that came after their calls had ended
	Description    string        `json:"description,omitempty"`
	Dir            string        `json:"dir,omitempty"`  // where it is installed
	Hash           string        `json:"hash,omitempty"` // of the tree that runs, SHA-256
	Warnings       []string      `json:"warnings,omitempty"`

	Memory      int64         `json:"memory,omitempty"`      // resident, in bytes; 0 where the system does not tell, as of the two below
	CPU         time.Duration `json:"cpu,omitempty"`         // since the process's start; in JSON, nanoseconds
	Descriptors int           `json:"descriptors,omitempty"` // open ones
}

// All is for a request's Last: everything that the host has kept.
const All = -1

// A LogsRequest asks for lines of the log.
type LogsRequest struct {
	Plugin string `json:"plugin"` // whose; empty: every plugin's and the host's own
	Last   int    `json:"last"`   // how many lines of before come first; All: as many as are kept
	Follow bool   `json:"follow"` // go on with those that come
}

// A Line is one of the host's log.
type Line struct {
	Time    time.Time `json:"time"`
	Plugin  string    `json:"plugin,omitempty"` // empty: the host's own
	Level   string    `json:"level"`            // trace, debug, info, warn or error
	Message string    `json:"message"`
	Fields  []Field   `json:"fields,omitempty"`
	Missed  int       `json:"missed,omitempty"` // lines that this reader did not get, because it was too slow, before this one
}

// A Field is what a line says besides.
type Field struct {
	Key   string `json:"key"`
	Value string `json:"value"`
}

// An EventsRequest asks for events.
type EventsRequest struct {
	Last   int  `json:"last"`   // how many of before come first; All: as many as are kept
	Follow bool `json:"follow"` // go on with those that come
}

// An Event is one change of one plugin's state.
type Event struct {
	Time       time.Time `json:"time"`
	Plugin     string    `json:"plugin"`
	Version    string    `json:"version,omitempty"`
	Generation int       `json:"generation"`
	PID        int       `json:"pid,omitempty"`
	From       string    `json:"from,omitempty"`
	To         string    `json:"to"`
	Reason     string    `json:"reason,omitempty"` // one sentence
	Error      string    `json:"error,omitempty"`  // why it failed; empty if it did not
	Missed     int       `json:"missed,omitempty"` // events that this reader did not get, because it was too slow, before this one
}
