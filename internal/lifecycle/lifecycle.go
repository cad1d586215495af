// Package lifecycle is the contract between a host and plugin.Serve: the messages whose names the protocol keeps for itself.
//
//	_, err := lifecycle.Start.Call(ctx, conn, lifecycle.None{})
//
// They are ordinary calls, visible in every trace. A plugin says in its handshake which of them it answers.
package lifecycle

import "github.com/go-hotplug/hotplug/rpc"

// None is the payload of a message that says nothing but its name.
type None struct{}

// Start runs the plugin's Start hook: after the first handshake, before the first call. Its error fails the launch.
const Start rpc.Method[None, None] = "hotplug.start"

// Features that a plugin states in its handshake.
const (
	FeatureStart = "start" // it answers Start
)

// What a plugin does when its host is gone.
const (
	Shutdown  = "shutdown"
	KeepAlive = "keep-alive"
)
