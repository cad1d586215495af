// Package lifecycle is the contract between a host and plugin.Serve: the messages whose names the protocol keeps for itself.
//
//	_, err := lifecycle.Start.Call(ctx, conn, lifecycle.None{})
//
// They are ordinary calls, visible in every trace. A plugin says in its handshake which of them it answers.
package lifecycle

import "github.com/go-hotplug/hotplug/rpc"

// None is the payload of a message that says nothing but its name.
type None struct{}

// State is what a plugin knows and its successor is to know.
type State struct {
	Schema string `msgpack:"schema" json:"schema"` // names the form of Data, for the successor to tell
	Data   []byte `msgpack:"data" json:"data"`
}

// Config is a plugin's configuration: JSON text.
type Config struct {
	JSON []byte `msgpack:"json" json:"json"`
}

// The messages, in the order in which a life sends them. The error of one that begins an instance fails its launch.
const (
	Start     rpc.Method[None, None]   = "hotplug.start"     // once, after the first handshake, before the first call
	Configure rpc.Method[Config, None] = "hotplug.configure" // behind Start, and whenever the configuration has changed
	Restore   rpc.Method[State, None]  = "hotplug.restore"   // in a successor, before its first call; may come twice: the later one counts
	Health    rpc.Query[None, None]    = "hotplug.health"    // an error: it answers, and is not well
	Snapshot  rpc.Query[None, State]   = "hotplug.snapshot"  // changes nothing; calls may run beside it
	Release   rpc.Method[None, None]   = "hotplug.release"   // mode handoff: give up what only one process can have
	Resume    rpc.Method[None, None]   = "hotplug.resume"    // take it again: the successor did not come up
)

// Features that a plugin states in its handshake: which messages it answers, and whether it can be parked.
const (
	FeatureStart     = "start"
	FeatureConfigure = "configure"
	FeatureRestore   = "restore"
	FeatureHealth    = "health"
	FeatureSnapshot  = "snapshot"
	FeatureRelease   = "release"
	FeatureResume    = "resume"
	FeaturePark      = "park" // after a goodbye that says so it drains, ends the connection and waits for another
)

// What a plugin does when its host is gone.
const (
	Shutdown  = "shutdown"
	KeepAlive = "keep-alive"
)
