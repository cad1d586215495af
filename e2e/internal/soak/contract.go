package main

import "github.com/go-hotplug/hotplug/rpc"

// What the plugins answer. Every message carries a number that no other has, under which the process that runs it writes it down.
const (
	add  rpc.Method[job, answer] = "soak.add"  // may not run twice
	ask  rpc.Query[job, answer]  = "soak.ask"  // may
	list rpc.Stream[job, answer] = "soak.list" // items, each with the job's number
	tell rpc.Notice[job]         = "soak.tell"
)

type job struct {
	ID    uint64 `msgpack:"id" json:"id"`
	Items int    `msgpack:"items" json:"items"` // of a list
}

type answer struct {
	ID      uint64 `msgpack:"id" json:"id"`           // the job's
	Version string `msgpack:"version" json:"version"` // of the plugin
	Config  int64  `msgpack:"config" json:"config"`   // the number in its configuration
	Count   uint64 `msgpack:"count" json:"count"`     // of the adds that this plugin has run, in all of its processes if it keeps state
}

// The plugins, by what is done to them.
const (
	good   = "good"   // good versions and configurations only: nothing may fail
	keeper = "keeper" // good versions, and it keeps state: nothing of that may be lost
	bad    = "bad"    // bad versions of every kind, which are refused or rolled back
	torn   = "torn"   // bad versions that run for a while, and it keeps state
	killed = "killed" // SIGKILL, SIGSTOP and SIGCONT
	mixed  = "mixed"  // good versions, and SIGKILL for any of its processes: the new one, the one that serves, the one that is parked
)

var plugins = []string{good, keeper, bad, torn, killed, mixed}

// assigned is whom each caller calls: one that stands still holds up no other plugin's.
var assigned = []string{good, good, keeper, keeper, bad, torn, killed, mixed}

// keeps reports whether a plugin hands its count over.
func keeps(plugin string) bool { return plugin == keeper || plugin == torn }

// onlyGood reports whether nothing but good versions and configurations befalls a plugin.
func onlyGood(plugin string) bool { return plugin == good || plugin == keeper }
