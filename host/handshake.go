package host

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"syscall"
	"time"

	"github.com/go-hotplug/hotplug/internal/wire"
	"github.com/go-hotplug/hotplug/rpc"
)

// handshake sends the host's line and checks the plugin's.
func (i *instance) handshake(ctx context.Context, c *wire.Stream) (*wire.PluginHello, error) {
	stop := context.AfterFunc(ctx, func() { cutShort(ctx, c) })
	answer, err := i.exchange(ctx, c)
	if err == nil {
		err = i.checkAnswer(answer)
	}
	inTime := stop()
	switch {
	case err != nil:
		return nil, handshakeError(ctx, err)
	case !inTime: // ctx has ended, and the connection's deadline with it, or is about to
		return nil, fmt.Errorf("handshake: %w", context.Cause(ctx))
	}
	_ = c.SetDeadline(time.Time{})
	return answer, nil
}

// exchange sends the host's line and reads the plugin's.
func (i *instance) exchange(ctx context.Context, c *wire.Stream) (*wire.PluginHello, error) {
	hello := &wire.HostHello{
		Hotplug: i.startup.Hotplug, Serializer: i.startup.Serializer, Token: i.startup.Token, Host: i.env.info, Limits: i.spec.limits,
		Handles: rpc.Records(i.env.mux.Uses()), Uses: rpc.Records(i.env.uses),
	}
	if err := wire.WriteLine(c, hello); err != nil {
		return nil, err
	}
	if err := c.Reader.Wait(); err != nil {
		return nil, err
	}
	_ = c.SetDeadline(time.Now().Add(wire.HandshakeTimeout)) // from the first byte to the last
	if ctx.Err() != nil {
		cutShort(ctx, c) // that deadline may just have been overwritten
	}
	return wire.ReadPluginHello(c.Reader)
}

// cutShort ends the waiting for the plugin's line. One that has ended may have left its last words in the socket.
func cutShort(ctx context.Context, c *wire.Stream) {
	deadline := time.Now()
	if errors.Is(context.Cause(ctx), errExited) {
		deadline = deadline.Add(exitGrace)
	}
	_ = c.SetDeadline(deadline)
}

// handshakeError says what a broken handshake most likely means. What the plugin said counts most, though it may have ended since.
func handshakeError(ctx context.Context, err error) error {
	var refusal *wire.Refusal
	switch {
	case errors.As(err, &refusal):
	case ctx.Err() != nil:
		return fmt.Errorf("it has not answered the handshake: %w", context.Cause(ctx))
	case errors.Is(err, os.ErrDeadlineExceeded):
		return fmt.Errorf("handshake: the plugin began its answer and did not end it within %s", wire.HandshakeTimeout)
	case errors.Is(err, io.EOF), errors.Is(err, io.ErrUnexpectedEOF), errors.Is(err, syscall.ECONNRESET), errors.Is(err, syscall.EPIPE):
		return fmt.Errorf("handshake: the plugin closed the connection (%w)", err)
	}
	return fmt.Errorf("handshake: %w", err)
}

// checkAnswer says why this plugin cannot be used.
func (i *instance) checkAnswer(h *wire.PluginHello) error {
	if err := i.judge(h); err != nil {
		return &wire.Refusal{Code: string(rpc.Protocol), Message: err.Error()}
	}
	return nil
}

func (i *instance) judge(h *wire.PluginHello) error {
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
		return fmt.Errorf("plugin %s: %w", i.spec.title(), err)
	}
	if err := wire.CheckUses(h.Uses, rpc.Records(i.env.mux.Uses()), true); err != nil {
		return fmt.Errorf("plugin %s calls its host: %w (here is the plugin, there the host)", i.spec.title(), err)
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
