// Package counterapi is what the counter plugin answers.
package counterapi

import "github.com/go-hotplug/hotplug/rpc"

const (
	Add    rpc.Method[Delta, Total]    = "counter.add"    // request and reply, runs at most once
	Get    rpc.Query[struct{}, Total]  = "counter.get"    // request and reply, may run again after a crash
	Bump   rpc.Notice[Delta]           = "counter.bump"   // fire and forget
	Watch  rpc.Stream[Watching, Total] = "counter.watch"  // the total, Count times, each as it is when the caller has room for it
	AddAll rpc.Upload[Delta, Total]    = "counter.addAll" // adds what is sent, item by item, and reports how many were added
)

type Delta struct {
	By int64 `json:"by"`
}

type Total struct {
	Value int64 `json:"value"`
}

type Watching struct {
	Count int `json:"count"` // how many totals; 0 or less: none
}
