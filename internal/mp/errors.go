package mp

import "fmt"

// An Error says what is wrong with MessagePack bytes and where.
type Error struct {
	Offset int    // from the start of the bytes that the failing function was given
	What   string // the kind of value that begins there, or what was expected
	Found  string // another kind was found than the one that was expected
	Claim  uint64 // elements, pairs or bytes that a header declares
	Need   uint64 // bytes that this takes at least
	There  int    // bytes that are left
	Depth  int    // the limit, if nesting goes beyond it
}

// Error is one line, for instance
// "messagepack offset 1: array declares 33554432, which needs at least 33554432 bytes, 4 are left".
func (e *Error) Error() string {
	at := fmt.Sprintf("messagepack offset %d: ", e.Offset)
	switch {
	case e.Found != "":
		return at + e.What + " expected, " + e.Found + " found"
	case e.Depth > 0:
		return at + fmt.Sprintf("%s is nested deeper than %d", e.What, e.Depth)
	case e.Claim > 0:
		return at + fmt.Sprintf("%s declares %d, which needs at least %d bytes, %d are left", e.What, e.Claim, e.Need, e.There)
	case e.Need > 0:
		return at + fmt.Sprintf("%s needs at least %d bytes, %d are left", e.What, e.Need, e.There)
	}
	return at + e.What + " is not allowed"
}

// at returns err with its offset counted from off bytes earlier.
func at(err error, off int) error {
	if e, ok := err.(*Error); ok {
		e.Offset += off
	}
	return err
}
