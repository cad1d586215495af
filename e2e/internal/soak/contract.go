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
	Count   uint64 `msgpack:"count" json:"count"`     // of the adds that this plugin has run, in all of its processes if it keeps state
}
