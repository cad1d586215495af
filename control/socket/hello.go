package socket

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net"
	"strings"
	"syscall"
	"time"

	"github.com/go-hotplug/hotplug/codec"
	"github.com/go-hotplug/hotplug/control"
	"github.com/go-hotplug/hotplug/internal/wire"
	"github.com/go-hotplug/hotplug/rpc"
)

// callerHello is the line of who dialled. It comes first.
type callerHello struct {
	Control    []int  `json:"control"` // versions of the contract that are offered
	Serializer string `json:"serializer"`
}

// hostHello is the host's line. Either Error is set, or all the rest is.
type hostHello struct {
	Control    int           `json:"control,omitempty"` // the version picked
	Serializer string        `json:"serializer,omitempty"`
	Handles    wire.Messages `json:"handles,omitempty"`
	Error      *wire.Refusal `json:"error,omitempty"`
}

// serializer is what this version of the contract is spoken in.
var serializer codec.Serializer = codec.MessagePackSerializer{}

// Greet does the handshake of who dialled, within ten seconds or until ctx ends, and returns the connection to the host. It owns stream; an error closes it.
func Greet(ctx context.Context, stream net.Conn) (*rpc.Conn, error) {
	s := wire.NewStream(stream)
	var there hostHello
	err := timed(ctx, stream, func() error {
		_ = wire.WriteLine(s, callerHello{[]int{control.Version}, serializer.Name()}) // who refuses us may have said so already, and closed
		return readLine(s, &there)
	})
	if err == nil {
		err = there.check()
	}
	if err != nil {
		stream.Close()
		return nil, err
	}
	return rpc.NewConn(ctx, s, rpc.Options{Serializer: serializer, PeerHandles: rpc.UsesOf(there.Handles), Side: rpc.FromPlugin}), nil
}

// check refuses a host that does not fit. Where the host has refused, its sentence is the error.
func (h *hostHello) check() error {
	switch {
	case h.Error != nil:
		return h.Error
	case h.Control != control.Version:
		return fmt.Errorf("control version mismatch: this side offers %d, the host picked %d: use the command of the host's version", control.Version, h.Control)
	case h.Serializer != serializer.Name():
		return mismatch(h.Serializer, serializer.Name())
	}
	return nil
}

func mismatch(host, caller string) error {
	return fmt.Errorf("serializer mismatch: the host uses %q, who looks at it uses %q: use the command of the host's version", host, caller)
}

// Answer does the handshake of a host, within ten seconds or until ctx ends, and returns the connection on which handlers answer. It owns stream; an error closes
// it. What is wrong with the other end is told to it in a sentence, which is also the error.
func Answer(ctx context.Context, stream net.Conn, handlers []rpc.Handler, log rpc.Logger) (*rpc.Conn, error) {
	s := wire.NewStream(stream)
	mux := rpc.NewMux(handlers...)
	err := timed(ctx, stream, func() error {
		if err := welcome(s); err != nil {
			return refuse(s, err)
		}
		return wire.WriteLine(s, hostHello{Control: control.Version, Serializer: serializer.Name(), Handles: rpc.Records(mux.Uses())})
	})
	if err != nil {
		stream.Close()
		return nil, err
	}
	return rpc.NewConn(ctx, s, rpc.Options{Serializer: serializer, Handlers: mux, Side: rpc.FromHost, Logger: log}), nil
}

// welcome reads the caller's line, and says why it may not go on.
func welcome(s *wire.Stream) error {
	if err := checkPeer(s.Conn, false); err != nil {
		return err
	}
	var there callerHello
	if err := readLine(s, &there); err != nil {
		return err
	}
	return there.check()
}

// check refuses a caller that does not fit.
func (h *callerHello) check() error {
	for _, v := range h.Control {
		if v == control.Version {
			if h.Serializer != serializer.Name() {
				return mismatch(serializer.Name(), h.Serializer)
			}
			return nil
		}
	}
	offers := strings.Trim(strings.Join(strings.Fields(fmt.Sprint(h.Control)), ", "), "[]")
	if offers == "" {
		offers = "none"
	}
	return fmt.Errorf("control version mismatch: the host speaks %d, the other side offers %s: use the command of the host's version", control.Version, offers)
}

// refuse tells the other end why, if it still listens, and returns that.
func refuse(w io.Writer, why error) error {
	_ = wire.WriteLine(w, hostHello{Error: &wire.Refusal{Code: "Protocol", Message: why.Error()}})
	return why
}

// readLine reads one line of the handshake.
func readLine(s *wire.Stream, v any) error {
	line, err := s.Reader.Line(wire.MaxHello)
	if errors.Is(err, io.EOF) || errors.Is(err, io.ErrUnexpectedEOF) || errors.Is(err, syscall.ECONNRESET) {
		return fmt.Errorf("the other side closed the connection in the middle of the handshake: %w", io.ErrUnexpectedEOF)
	}
	if err != nil {
		return err
	}
	if err := json.Unmarshal(line, v); err != nil {
		return fmt.Errorf("expected a line of JSON that begins the conversation of a control socket, found %.24q: %w", line, err)
	}
	return nil
}

// timed does a handshake within its time-out.
func timed(ctx context.Context, stream net.Conn, handshake func() error) error {
	ctx, cancel := context.WithTimeoutCause(ctx, wire.HandshakeTimeout, fmt.Errorf("the other side did not finish the handshake within %s", wire.HandshakeTimeout))
	defer cancel()
	past := make(chan struct{}) // closed by the function behind ctx, once it has run
	stop := context.AfterFunc(ctx, func() { defer close(past); stream.SetDeadline(time.Unix(1, 0)) })
	err := handshake()
	if !stop() {
		<-past
		return context.Cause(ctx)
	}
	return err
}
