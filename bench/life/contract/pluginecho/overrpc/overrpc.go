// Package overrpc is the echo of go-plugin over net/rpc.
package overrpc

import (
	"net/rpc"

	"github.com/hashicorp/go-plugin"
)

// A Plugin is both ends of it.
type Plugin struct{}

func (Plugin) Server(*plugin.MuxBroker) (any, error) { return server{}, nil }

func (Plugin) Client(_ *plugin.MuxBroker, c *rpc.Client) (any, error) { return &client{c}, nil }

type server struct{}

func (server) Echo(data []byte, reply *[]byte) error {
	*reply = data
	return nil
}

type client struct{ rpc *rpc.Client }

func (c *client) Echo(data []byte) (reply []byte, err error) {
	err = c.rpc.Call("Plugin.Echo", data, &reply)
	return reply, err
}
