// Package serializertest checks a serializer against what codec.Serializer asks of it, and sends messages of every kind through a connection
// that uses it:
//
//	func TestContract(t *testing.T) {
//		serializertest.Run(t, cbor.Serializer{})
//	}
//
// It is what to copy beside a serializer of your own. What it cannot check are resources: how much memory hostile bytes cost.
package serializertest
