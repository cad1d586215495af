package rpc

import (
	"context"
	"fmt"
	"time"

	"github.com/go-hotplug/hotplug/codec"
	"github.com/go-hotplug/hotplug/internal/wire"
)

// A Logger takes what a connection has to say; hclog.Logger is one. A logger that panics breaks no call.
type Logger interface {
	Debug(msg string, args ...any)
	Warn(msg string, args ...any)
}

// Options configure a Conn. The zero value works.
type Options struct {
	Protocol    string           // "": ProtocolHotplug. With ProtocolIsolatedWorkers Side says which end this is: FromPlugin answers, any other calls
	Serializer  codec.Serializer // nil: MessagePackSerializer. ProtocolIsolatedWorkers has JsonSerializer, whatever stands here
	Handlers    *Mux             // what this end answers; nil: nothing
	PeerHandles []Use            // what the peer said it handles; nil: not stated, nothing is checked
	Side        Origin           // what this end is: the origin of the errors of its handlers
	Caller      Peer             // what Caller returns in handlers; nil: the connection itself
	MaxFrame    int              // bytes of one frame, both ways; 0: 16 MiB
	MaxInflight int              // calls at once, each way: more wait at the sender; 0: 1,024
	MaxStreams  int              // calls with streams at once, each way, beside those; more wait at the sender; 0: 256
	StreamItems int              // items of a stream that may be on their way here and not taken; 0: 256
	StreamBytes int              // bytes of their frames; one item may go beyond; 0: 1 MiB
	CallTimeout time.Duration    // of calls whose context has no deadline; 0: none
	Logger      Logger           // nil: nothing is said. Texts of the peer are abridged to 4 KiB
	OnGoodbye   func(Goodbye)    // the peer starts no new calls; called in a goroutine of its own
	Observe     func(Observation)
	Middleware  []Middleware // sees every message; none costs nothing

	// Permit says whether the peer may use a message that is handled here. It is asked for each call and notice, before middleware sees it, and called
	// concurrently. An error is the answer, and the handler has not run; of a notice, which has none, nothing more is said. Nil: it may use all.
	Permit func(message string) error
	TxID   TxID // nil: calls are numbered
}

func lateCause(timeout time.Duration) error {
	return fmt.Errorf("no reply within the call timeout of %s: %w", timeout, context.DeadlineExceeded)
}

func (o *Options) setDefaults() {
	if o.Serializer == nil {
		o.Serializer = codec.MessagePackSerializer{}
	}
	if o.Handlers == nil {
		o.Handlers = NewMux()
	}
	limits := wire.Limits{Frame: o.MaxFrame, Inflight: o.MaxInflight, Streams: o.MaxStreams, StreamItems: o.StreamItems, StreamBytes: o.StreamBytes}.WithDefaults()
	o.MaxFrame, o.MaxInflight, o.MaxStreams, o.StreamItems, o.StreamBytes = limits.Frame, limits.Inflight, limits.Streams, limits.StreamItems, limits.StreamBytes
}
