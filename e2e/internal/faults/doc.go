// Package faults is the table of what a peer can do wrong on a connection of the protocol, and of what looks wrong and is allowed. Each row breaks
// one rule of docs/protocol.md, by hand, on a socket: the same row is played by a plugin to a host and by a host to a plugin.
//
//	for _, f := range faults.All(limits, seed) {
//		// a connection that passed its handshake, to a peer that has Handlers
//		faults.Inject(f, faults.NewPeer(stream, serializer, limits), 0)
//	}
//
// What must hold stands in the row: how the connection ends, or that it goes on.
package faults
