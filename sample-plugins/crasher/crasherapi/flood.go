package crasherapi

import "github.com/go-hotplug/hotplug/rpc"

// Flood writes to stdout or stderr, as fast as the other end reads, and answers when all of it is written. It looks at its
// context between two pieces.
const Flood rpc.Method[FloodRequest, Flooded] = "crasher.flood"

// A Stream is where a flood goes.
type Stream string

const (
	Stdout Stream = "stdout"
	Stderr Stream = "stderr"
	Both   Stream = "both" // piece by piece in turn
)

// A Flavour is what a flood consists of.
type Flavour string

const (
	Lines   Flavour = "lines"   // "crasher line 1" and so on
	Endless Flavour = "endless" // one line without an end
	Binary  Flavour = "binary"  // every byte from 0 to 255, again and again
	BadLog  Flavour = "badlog"  // JSON that looks like a line of hclog's and is not: cut off, wrong types, wrong times
	Nested  Flavour = "nested"  // lines of JSON, each nested 10,000 deep
	Escapes Flavour = "escapes" // terminal escape sequences, carriage returns and backspaces
	Blank   Flavour = "blank"   // newlines and nothing else
)

// FloodRequest says what to write where.
type FloodRequest struct {
	Stream  Stream  `json:"stream"`
	Flavour Flavour `json:"flavour"`
	Bytes   int64   `json:"bytes"` // at least; a piece is never cut
}

// Flooded says what was written.
type Flooded struct {
	Bytes  int64 `json:"bytes"`
	Pieces int64 `json:"pieces"` // for lines: how many
}
