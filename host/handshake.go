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
	hello := i.hostHello()
	answer, err := exchange(ctx, c, hello)
	if err == nil {
		err = wire.CheckAnswer(&i.startup, hello, answer)
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

// hostHello is the host's line.
func (i *instance) hostHello() *wire.HostHello {
	return &wire.HostHello{
		Hotplug: i.startup.Hotplug, Serializer: i.startup.Serializer, Token: i.startup.Token, Host: i.env.info, Limits: i.spec.limits,
		Handles: rpc.Records(i.env.mux.Uses()), Uses: rpc.Records(i.env.uses),
	}
}

// exchange sends the host's line and reads the plugin's.
func exchange(ctx context.Context, c *wire.Stream, hello *wire.HostHello) (*wire.PluginHello, error) {
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
	return fmt.Errorf("handshake: %w", brief(err))
}
