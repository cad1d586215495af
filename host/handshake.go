package host

import (
	"context"
	"errors"
	"fmt"
	"io"
	"syscall"
	"time"

	"github.com/go-hotplug/hotplug/internal/wire"
	"github.com/go-hotplug/hotplug/rpc"
)

// handshake sends the host's line and checks the plugin's.
func (i *instance) handshake(ctx context.Context, c *wire.Stream) (*wire.PluginHello, error) {
	stop := context.AfterFunc(ctx, func() { _ = c.SetDeadline(time.Now()) })
	defer stop()
	hello := &wire.HostHello{
		Hotplug: i.startup.Hotplug, Serializer: i.startup.Serializer, Token: i.startup.Token, Host: i.env.info, Limits: i.spec.limits,
		Handles: rpc.Records(i.env.mux.Uses()), Uses: rpc.Records(i.env.uses),
	}
	if err := wire.WriteLine(c, hello); err != nil {
		return nil, handshakeError(err)
	}
	if err := c.Reader.Wait(); err != nil {
		return nil, handshakeError(err)
	}
	_ = c.SetDeadline(time.Now().Add(wire.HandshakeTimeout)) // from the first byte to the last
	answer, err := wire.ReadPluginHello(c.Reader)
	if err != nil {
		return nil, handshakeError(err)
	}
	if ctx.Err() != nil {
		return nil, context.Cause(ctx)
	}
	if err := i.checkAnswer(answer); err != nil {
		return nil, fmt.Errorf("handshake: %w", err)
	}
	_ = c.SetDeadline(time.Time{})
	return answer, nil
}

// handshakeError says what a broken handshake most likely means.
func handshakeError(err error) error {
	switch {
	case errors.Is(err, io.EOF), errors.Is(err, io.ErrUnexpectedEOF), errors.Is(err, syscall.ECONNRESET), errors.Is(err, syscall.EPIPE):
		return fmt.Errorf("handshake: the plugin closed the connection (%w)", err)
	}
	return fmt.Errorf("handshake: %w", err)
}

// checkAnswer says why this plugin cannot be used.
func (i *instance) checkAnswer(h *wire.PluginHello) error {
	if !wire.SameSecret(h.Answer, i.startup.Answer) {
		return errors.New("wrong secret: what answers on the socket is not the process that was started")
	}
	if h.Hotplug != wire.Version {
		return fmt.Errorf("the plugin picked protocol %d, this host offered %v: rebuild the plugin", h.Hotplug, i.startup.Hotplug)
	}
	if h.Serializer != i.startup.Serializer {
		return wire.SerializerMismatch(i.startup.Serializer, h.Serializer)
	}
	if err := i.checkIdentity(h.Plugin); err != nil {
		return err
	}
	if err := wire.CheckUses(rpc.Records(i.env.uses), h.Handles, false); err != nil {
		return fmt.Errorf("plugin %q %s: %w", i.spec.name, i.spec.version, err)
	}
	if err := wire.CheckUses(h.Uses, rpc.Records(i.env.mux.Uses()), true); err != nil {
		return fmt.Errorf("plugin %q %s calls its host: %w (here is the plugin, there the host)", i.spec.name, i.spec.version, err)
	}
	return nil
}

// checkIdentity compares who the plugin says it is with its manifest. A plugin need not say.
func (i *instance) checkIdentity(said *wire.PluginInfo) error {
	if said == nil || i.spec.version == "" {
		return nil
	}
	if said.Name != i.spec.name || said.Version != i.spec.version {
		return fmt.Errorf("the binary is %s %s, its plugin.json says %s %s: install the manifest and the binary of one version",
			said.Name, said.Version, i.spec.name, i.spec.version)
	}
	return nil
}
