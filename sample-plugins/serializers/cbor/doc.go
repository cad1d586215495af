// Package cbor is a serializer for CBOR, RFC 8949, by github.com/fxamacker/cbor:
//
//	codec.Register(cbor.Serializer{})                        // in the host's main
//	plugin.Server{Serializer: cbor.Serializer{}, /* ... */ } // in the plugin's main
//
// A manifest names it "CborSerializer". Its frames carry their length. Fields are named by the cbor tag, else by the json tag, and match
// exactly. Numbers that do not fit, keys that are there twice, text that is not UTF-8 and nesting beyond codec.MaxDepth are refused. An
// any takes map[string]any, []any, int64 (*big.Int beyond), float64, string, []byte, bool, time.Time and nil.
//
// What the serializers of the package codec do and this one does not, because its library does not: a value that contains itself ends the program
// with a stack overflow, and an integer beyond 2^53 that arrives in a float field is rounded.
package cbor
