// Package gzipped is a serializer that compresses another's output: gzip, RFC 1952, over MessagePack.
//
//	codec.Register(gzipped.Serializer{})                        // in the host's main
//	plugin.Server{Serializer: gzipped.Serializer{}, /* ... */ } // in the plugin's main
//
// A manifest names it "GzipMessagePackSerializer". It pays where messages are large, repetitive, and travel further than a socket of this machine:
// each is unpacked twice on arrival, once for its envelope and once for its payload.
//
// Few bytes can unpack to very many. So a frame that unpacks to more than [Serializer.Limit] bytes is refused, by its sender already, and what arrives is never
// unpacked beyond the limit, whatever it claims: the contract of codec.Serializer, to allocate no more than a small multiple of what arrived, holds only
// up to there.
package gzipped
