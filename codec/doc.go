// Package codec holds the serializers: values to bytes and back, known by class name.
//
//	type GreetRequest struct {
//		Name string `json:"name"`
//		Age  int8   `json:"age"`
//	}
//
//	s, err := codec.Lookup("MessagePackSerializer") // or "", or "JsonSerializer", or one of your own
//	frame, err := codec.Append(s, frame, GreetRequest{Name: "Ada", Age: 36})
//
//	var req GreetRequest
//	err = s.Unmarshal(data, &req) // decode GreetRequest: field "age": 1099511627776 does not fit int8 (-128 to 127)
//
// Guarantees, of both serializers that come with the package:
//
//   - What arrives is what was sent, or there is an error: no integer wraps, no fraction is cut off, no
//     text is repaired in silence.
//   - A slice, map or pointer that is nil arrives nil, and an empty one empty. A pointer to something nil arrives nil, and a field that
//     omitempty leaves out arrives as its zero value.
//   - A float that is no number, or infinite, arrives bit by bit in MessagePack; JSON refuses it.
//   - Bytes that nobody has vouched for never panic and cost no more than they could hold: what a header
//     claims is compared with what is there before anything is allocated.
//   - Both name fields by the `json` tag and decode an any to the same types. They differ, because
//     the libraries do, in this: MessagePack matches names exactly, prefers a `msgpack` tag, does not
//     know omitzero and the string option, and inlines an embedded struct even if a `json` tag names it
//     (`msgpack:"name,noinline"` prevents that).
//   - MessagePack carries a string byte for byte; JSON refuses one that is not valid UTF-8.
//   - A value that contains itself is an error, never an endless recursion.
//
// A program brings its own serializer by implementing [Serializer] and calling [Register].
package codec
