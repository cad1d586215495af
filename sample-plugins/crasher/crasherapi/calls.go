package crasherapi

import "github.com/go-hotplug/hotplug/rpc"

// Calls that end in a way that is not the usual one.
const (
	// Panic panics in the handler. The process lives on.
	Panic rpc.Method[PanicRequest, struct{}] = "crasher.panic"

	// Hang does not look at its context. It answers when the time is over, or never.
	Hang rpc.Method[HangRequest, struct{}] = "crasher.hang"

	// Sleep answers when the time is over, and gives up as soon as its context ends, as every handler should.
	Sleep rpc.Query[SleepRequest, struct{}] = "crasher.sleep"

	// Echo answers with the data of the request, or with as many bytes as are asked for.
	Echo rpc.Query[EchoRequest, EchoReply] = "crasher.echo"

	// Fail answers with an error.
	Fail rpc.Query[FailRequest, struct{}] = "crasher.fail"

	// CallHost calls back: it calls any message of the host, and answers with what the host says.
	CallHost rpc.Method[CallHostRequest, CallHostReply] = "crasher.callHost"

	// Note is kept, in the order of arrival, and can be made to take long or to panic.
	Note rpc.Notice[NoteEvent] = "crasher.note"

	// Notes answers with the texts of the last MaxNotes notes that were handled without a panic.
	Notes rpc.Query[struct{}, NotesReply] = "crasher.notes"
)

// Limits of what can be asked for.
const (
	MaxNotes  = 10_000  // notes that are kept
	MaxCauses = 1000    // causes of an error
	MaxEcho   = 1 << 30 // bytes of a reply; the frame limit of the connection holds besides
)

// PanicRequest is what to panic with.
type PanicRequest struct {
	Text string `json:"text"`
}

// HangRequest says how long.
type HangRequest struct {
	ForMS int64 `json:"forMs"`          // 0: for ever
	Spin  bool  `json:"spin,omitempty"` // burns a CPU meanwhile
}

// SleepRequest says how long.
type SleepRequest struct {
	ForMS int64 `json:"forMs"`
}

// EchoRequest is data, or an amount of it.
type EchoRequest struct {
	Data []byte `json:"data,omitempty"`
	Size int    `json:"size,omitempty"` // of the reply, where there is no Data
}

// EchoReply is the data.
type EchoReply struct {
	Data []byte `json:"data"`
}

// FailRequest describes an error.
type FailRequest struct {
	Code      rpc.Code          `json:"code,omitempty"` // empty: an error that has none, which the caller sees as Unknown
	Message   string            `json:"message"`
	Details   map[string]string `json:"details,omitempty"`
	Retryable bool              `json:"retryable,omitempty"`
	Causes    int               `json:"causes,omitempty"` // length of the chain below it: "cause 1" and so on
}

// CallHostRequest is a call of the host.
type CallHostRequest struct {
	Type    string         `json:"type"`
	Payload map[string]any `json:"payload,omitempty"`
}

// CallHostReply is the host's answer.
type CallHostReply struct {
	Payload map[string]any `json:"payload,omitempty"`
}

// NoteEvent is a note.
type NoteEvent struct {
	Text   string `json:"text"`
	HoldMS int64  `json:"holdMs,omitempty"` // how long handling it takes
	Panic  bool   `json:"panic,omitempty"`
}

// NotesReply is what was noted.
type NotesReply struct {
	Texts []string `json:"texts,omitempty"`
}
