// Package mp writes and reads the few MessagePack bytes of an envelope by hand, and walks bytes that
// nobody has vouched for before a decoder sees them.
//
//	b := mp.AppendArrayHeader(nil, 2)
//	b = mp.AppendUint(b, 7)
//	b = mp.AppendString(b, "greet")
//
//	if _, err := mp.Walk(b, 256); err != nil { // lengths, nesting, reserved bytes
//		return err
//	}
//	n, rest, err := mp.ReadArrayHeader(b)
//	tx, rest, err := mp.ReadUint(rest)
//	name, rest, err := mp.ReadString(rest)
//
// Guarantees: no function panics, whatever the bytes; nothing is allocated on success except by append;
// what a header claims is compared with the bytes that are left before anyone can act on it; every
// error says where it is, what was declared and what was there. The package imports nothing but the
// standard library.
package mp
