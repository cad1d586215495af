package wire

import "fmt"

// Version is the protocol version that this package speaks.
const Version = 1

// Kind says what a frame is. The direction of a kind is fixed: a frame either belongs to a call that its
// sender made (request, cancel, upload, uploadEnd, credit) or to one that its receiver made (result, error, progress,
// item, end, uploadCredit); so a tx needs no mark of whose it is.
type Kind uint8

const (
	Request      Kind = 1  // caller: type, payload; meta: deadline, headers, stream window
	Cancel       Kind = 2  // caller: the handler's context ends; the caller has returned already
	Upload       Kind = 3  // caller: one item of the caller's stream
	UploadEnd    Kind = 4  // caller: no more items from the caller
	Credit       Kind = 5  // caller: n more items may be sent to it; with tx 0: n notices were handled
	Result       Kind = 17 // callee: ends the call
	Error        Kind = 18 // callee: ends the call; the payload is the error record
	Item         Kind = 19 // callee: one item of the callee's stream
	End          Kind = 20 // callee: no more items from the callee; ends the call
	UploadCredit Kind = 21 // callee: n more items of the caller's stream may be sent
	Progress     Kind = 22 // callee: done, total, note
	Notice       Kind = 32 // either: no reply; tx is its number on this connection, from 1 without gaps
	Ping         Kind = 33 // either: tx is echoed
	Pong         Kind = 34 // either
	Goodbye      Kind = 35 // either: "I start no new root calls"; meta: then, lease

	// FirstIgnorable is the first kind that a receiver may ignore; an unknown kind below it ends the connection.
	FirstIgnorable Kind = 64
)

var kindNames = map[Kind]string{
	Request: "request", Cancel: "cancel", Upload: "upload", UploadEnd: "uploadEnd", Credit: "credit",
	Result: "result", Error: "error", Item: "item", End: "end", UploadCredit: "uploadCredit", Progress: "progress",
	Notice: "notice", Ping: "ping", Pong: "pong", Goodbye: "goodbye",
}

var kindsByName = func() map[string]Kind {
	m := make(map[string]Kind, len(kindNames))
	for k, n := range kindNames {
		m[n] = k
	}
	return m
}()

// String is the name that text serializers carry.
func (k Kind) String() string {
	if n, ok := kindNames[k]; ok {
		return n
	}
	return fmt.Sprintf("kind%d", uint8(k))
}

// Known reports whether this version of the protocol gives k a meaning.
func (k Kind) Known() bool { _, ok := kindNames[k]; return ok }

// parseKind reads the name of a kind. Names of the form kindN stand for numbers without a name.
func parseKind(s string) (Kind, bool) {
	if k, ok := kindsByName[s]; ok {
		return k, true
	}
	var n uint8
	if _, err := fmt.Sscanf(s, "kind%d", &n); err != nil || Kind(n).String() != s {
		return 0, false
	}
	return Kind(n), true
}
