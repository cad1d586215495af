// Package wire is the bytes of the socket protocol, version 1: frames, limits, handshake records and start-up data.
//
// It turns records into bytes and back, and reads frames from a stream. It starts no goroutine, keeps
// no state of a call and knows nothing about handlers or processes. Whatever it reads comes from an untrusted
// peer: every length is checked before it is believed, and no input panics.
//
//	f := wire.Frame{Kind: wire.Request, Tx: wire.Tx{N: 7}, Type: "greet"}
//	buf, err := wire.FormatOf(serializer).Append(nil, &f, payload, wire.DefaultMaxFrame)
//
// The specification that authors in other languages read is docs/protocol.md; its golden examples
// are read by this package's tests.
package wire
