package rpc

import (
	"context"
	"reflect"

	"github.com/go-hotplug/hotplug/codec"
	"github.com/go-hotplug/hotplug/internal/wire"
	"github.com/go-hotplug/hotplug/shape"
)

// A Kind says how a message travels.
type Kind string

const (
	KindMethod Kind = "method" // request, one reply; runs at most once
	KindQuery  Kind = "query"  // request, one reply; may run more than once
	KindNotice Kind = "notice" // no reply
	KindStream Kind = "stream" // request, many items
	KindUpload Kind = "upload" // many items, one reply
	KindDuplex Kind = "duplex" // many items both ways
)

// streams reports whether a call of this kind carries items.
func (k Kind) streams() bool { return k.uploads() || k.downloads() }

// uploads reports whether the caller sends items.
func (k Kind) uploads() bool { return k == KindUpload || k == KindDuplex }

// downloads reports whether the callee sends items.
func (k Kind) downloads() bool { return k == KindStream || k == KindDuplex }

// opens is what a request of this kind says in its meta.
func (k Kind) opens() string {
	if k.streams() {
		return string(k)
	}
	return ""
}

// A Message is one message on its way: what peers, hooks and middleware see of it.
type Message struct {
	Kind    Kind
	Type    string            // the name in the contract
	Payload any               // the Go value, on the sending side; nil if there is none
	Headers map[string]string // travels beside the payload: trace context and the like, at most 128; may be nil

	Reply    bool   // it ends a call; false: a request, notice or item
	Item     bool   // one element of a stream, of the caller or of the callee
	replaced bool   // Payload counts, whatever arrived
	Err      *Error // of a reply that is an error; nil: a result
	Call     *Call  // what request and reply share, for middleware; nil where there is none

	types      types    // the sender's; nil: not stated
	arrived    *arrival // an incoming payload; nil: Payload has the value
	lease      *lease   // where the buffer of a reply stays that is borrowed; nil: it is not
	serializer codec.Serializer
}

// A Peer is the other end: a plugin as its host sees it, the host as a plugin sees it, or a bare
// connection. Contracts call it; wrap one to add tracing; a Retrier adds retries. Its methods may be called concurrently. One that bounds calls whose
// context has no deadline has a method CallTimeout() time.Duration, as Conn has.
type Peer interface {
	// Invoke sends m and decodes the reply into reply, a non-nil pointer. It blocks until the reply is
	// there or ctx ends.
	Invoke(ctx context.Context, m *Message, reply any) error

	// Notify sends m, which has no reply. It blocks while the peer has too many notices that it has
	// not handled, until ctx ends.
	Notify(ctx context.Context, m *Message) error

	// Open begins a call with streams: m is of KindStream, KindUpload or KindDuplex. It blocks while too many are open, until ctx ends; the
	// Flow ends with ctx, too. The caller must Close it.
	Open(ctx context.Context, m *Message) (Flow, error)
}

// A Use states that a message is called or handled with these types. It is compared in the handshake.
type Use struct {
	Name    string
	Kind    Kind
	Payload *shape.Shape // nil matches anything
	Reply   *shape.Shape // nil: none, or matches anything
}

// types are what the sender of a message has for its payload and its reply.
type types interface {
	use(name string, kind Kind) Use
}

// pair is the types of a message with a reply, or with items.
type pair[Req, Res any] struct{}

func (pair[Req, Res]) use(name string, kind Kind) Use { return useOf[Req, Res](name, kind) }

// single is the type of a notice.
type single[T any] struct{}

func (single[T]) use(name string, kind Kind) Use { return noticeUse[T](name, kind) }

func useOf[Req, Res any](name string, kind Kind) Use {
	return Use{Name: name, Kind: kind, Payload: shape.OfType(reflect.TypeFor[Req]()), Reply: shape.OfType(reflect.TypeFor[Res]())}
}

func noticeUse[T any](name string, kind Kind) Use {
	return Use{Name: name, Kind: kind, Payload: shape.OfType(reflect.TypeFor[T]())}
}

func (u *Use) record() wire.Message {
	return wire.Message{Name: u.Name, Kind: string(u.Kind), Payload: u.Payload, Reply: u.Reply}
}

// Records turns uses into what a handshake carries.
func Records(uses []Use) []wire.Message {
	out := make([]wire.Message, 0, len(uses))
	for i := range uses {
		out = append(out, uses[i].record())
	}
	return out
}

// UsesOf turns what a handshake carried into uses; nil if it carried nothing.
func UsesOf(records []wire.Message) []Use {
	if records == nil {
		return nil
	}
	out := make([]Use, 0, len(records))
	for _, r := range records {
		out = append(out, Use{Name: r.Name, Kind: Kind(r.Kind), Payload: r.Payload, Reply: r.Reply})
	}
	return out
}
