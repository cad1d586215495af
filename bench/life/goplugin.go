package life

import (
	"context"
	"os/exec"

	"github.com/hashicorp/go-hclog"
	"github.com/hashicorp/go-plugin"

	"github.com/go-hotplug/hotplug/bench/life/contract/pluginecho"
	"github.com/go-hotplug/hotplug/bench/life/contract/pluginecho/overgrpc"
	"github.com/go-hotplug/hotplug/bench/life/contract/pluginecho/overrpc"
)

func launchPluginRPC(_ context.Context, _ *world, program string) (*server, error) {
	return launchPlugin(program, overrpc.Plugin{}, plugin.ProtocolNetRPC, false)
}

func launchPluginGRPC(_ context.Context, _ *world, program string) (*server, error) {
	return launchPlugin(program, overgrpc.Plugin{}, plugin.ProtocolGRPC, false)
}

func launchPluginMTLS(_ context.Context, _ *world, program string) (*server, error) {
	return launchPlugin(program, overgrpc.Plugin{}, plugin.ProtocolGRPC, true)
}

func launchPlugin(program string, p plugin.Plugin, protocol plugin.Protocol, mtls bool) (*server, error) {
	cmd := exec.Command(program)
	c := plugin.NewClient(&plugin.ClientConfig{
		HandshakeConfig: pluginecho.Handshake, Plugins: plugin.PluginSet{pluginecho.Name: p}, Cmd: cmd,
		AllowedProtocols: []plugin.Protocol{protocol}, AutoMTLS: mtls, Logger: hclog.NewNullLogger(),
	})
	echoer, err := dispense(c)
	if err != nil {
		c.Kill()
		return nil, err
	}
	end := func() error {
		c.Kill()
		return nil
	}
	return &server{cmd.Process.Pid, func(_ context.Context, data []byte) ([]byte, error) { return echoer.Echo(data) }, end}, nil
}

func dispense(c *plugin.Client) (pluginecho.Echoer, error) {
	protocol, err := c.Client()
	if err != nil {
		return nil, err
	}
	raw, err := protocol.Dispense(pluginecho.Name)
	if err != nil {
		return nil, err
	}
	return raw.(pluginecho.Echoer), nil
}
