// Package handyapi is what the plugin handyman answers, and what the worker in testdata/isolated-workers does.
package handyapi

import "github.com/go-hotplug/hotplug/rpc"

// The messages. Those at the end only the worker has.
const (
	Add         rpc.Query[Pair, Sum]           = "handy.add"
	Forget      rpc.Method[Pair, struct{}]     = "handy.forget" // void
	Find        rpc.Query[string, *Sum]        = "handy.find"   // null
	Echo        rpc.Query[string, string]      = "handy.echo"
	Fail        rpc.Method[struct{}, struct{}] = "handy.fail" // with the code E_FAIL
	Sleep       rpc.Method[Nap, struct{}]      = "handy.sleep"
	Seen        rpc.Notice[int]                = "handy.seen"    // fails for a negative one
	Notices     rpc.Query[struct{}, []int]     = "handy.notices" // that were seen
	Upwards     rpc.Method[struct{}, struct{}] = "handy.upwards" // calls the host
	Crash       rpc.Method[Exit, struct{}]     = "handy.crash"
	Environment rpc.Query[struct{}, []string]  = "handy.environment"
	Garbage     rpc.Method[struct{}, string]   = "handy.garbage" // malformed lines before its answer
	Pieces      rpc.Query[string, string]      = "handy.pieces"  // the answer is cut inside of a character
	Lost        rpc.Method[struct{}, struct{}] = "handy.lost"    // nobody has it
)

// Pair is two numbers.
type Pair struct {
	A int `json:"a"`
	B int `json:"b"`
}

// Sum is one.
type Sum struct {
	Sum int `json:"sum"`
}

// Nap is how long to sleep.
type Nap struct {
	MS int `json:"ms"`
}

// Exit is how to end.
type Exit struct {
	Code int `json:"code"`
}
