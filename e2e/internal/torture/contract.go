//go:build linux

package main

import "github.com/go-hotplug/hotplug/rpc"

// What the plugins answer, and the host does. Every message carries a number that no other has.
const (
	double rpc.Query[job, answer]  = "torture.double" // N twice
	add    rpc.Method[job, answer] = "torture.add"    // writes its number down, and may not run twice
	count  rpc.Stream[job, answer] = "torture.count"  // N items, from 0
	note   rpc.Notice[job]         = "torture.note"   // writes its number down, too
	sum    rpc.Upload[job, answer] = "torture.sum"    // of the N of all items
	chat   rpc.Duplex[job, answer] = "torture.chat"   // doubles each item
	tally  rpc.Method[job, answer] = "torture.tally"  // adds N to what the process counts, and answers with that
	visit  rpc.Method[job, answer] = "torture.visit"  // tells the host, and then answers N
	do     rpc.Method[job, answer] = "torture.do"     // something that a plugin should not

	told   rpc.Notice[job]         = "torture.told"   // of the host
	secret rpc.Method[job, answer] = "torture.secret" // of the host, which does not grant it
)

type job struct {
	ID   uint64 `msgpack:"id" json:"id"`
	N    int64  `msgpack:"n" json:"n"`
	What string `msgpack:"what" json:"what"`
}

type answer struct {
	ID   uint64 `msgpack:"id" json:"id"`
	N    int64  `msgpack:"n" json:"n"`
	Text string `msgpack:"text" json:"text"`
}

// The plugins. Nothing is done to calm, which must not notice what is done to the others.
const (
	calm    = "calm"
	victim  = "victim"
	other   = "other"
	hostile = "hostile" // breaks the rules of the protocol
)

var victims = []string{victim, other}
