// Package shape describes the structure of message types: it is derived from Go types, compared between two ends,
// and shown to people as JSON Schema.
//
//	type Person struct {
//		Name string   `json:"name"`
//		Age  int64    `json:"age"`
//		Tags []string `json:"tags,omitempty"`
//	}
//
//	s := shape.Of[Person]()
//	fmt.Println(s)                                   // {name string, age int64, tags? []string}
//	err := shape.Compatible(s, shape.Of[Older]())    // field "age" is int64 at the sender and int8 at the receiver
//	v, err := s.FromJSON([]byte(`{"nme":"Ada"}`))    // field "nme" is unknown: did you mean "name"?
//	schema := s.JSONSchema()                         // JSON Schema 2020-12
//
// Guarantees:
//   - Names and options of fields are those that encoding/json sees: `json` tags, `-`, embedded structs inlined,
//     unexported fields left out.
//   - What cannot be described is [Any] and matches anything: interfaces, types that encode themselves (except
//     time.Time), references of a recursive type to itself, structs with `msgpack` tags that differ from their
//     `json` tags, fields with the option `string`, and the deeper parts of types that would fill a handshake.
//   - A shape that comes from another process is bounded in depth and size before it is built, and one of a newer
//     version is read as far as it is understood.
//   - Shapes are shared and read by many goroutines at once: nobody changes one after it was made.
package shape
