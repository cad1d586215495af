// Package echoapi is what the hotplug plugins of the measurements answer.
package echoapi

import "github.com/go-hotplug/hotplug/rpc"

const (
	Echo    rpc.Method[Data, Data] = "bench.echo"
	Hold    rpc.Method[Data, Data] = "bench.hold"    // echoes once Release has come
	Release rpc.Notice[struct{}]   = "bench.release" // answers all that is held
)

// Data is some bytes.
type Data struct {
	Bytes []byte `json:"bytes"`
}
