package faults

// EnvRecord names a file to which tests append a line of JSON for each row that they have played: a Record.
const EnvRecord = "E2E_RECORD"

// A Record is what a row led to.
type Record struct {
	Side  string `json:"side"`  // who broke the rule: "plugin" or "host"; "machine": what both run on
	Fault string `json:"fault"` // name of the row
	Times int    `json:"times"` // how often it was injected, each time on a connection of its own
	Rule  string `json:"rule"`  // what the connection ended with, the first time; empty: it went on
	After string `json:"after"` // the state of the plugin afterwards

	Bytes int64 `json:"bytes"` // the most that lived of the victim's heap, beyond what did before; -1: not measured
	Bound int64 `json:"bound"` // what it may be

	Calls int   `json:"calls"` // of a well-behaved plugin, answered meanwhile
	P99   int64 `json:"p99"`   // of these, in microseconds

	Took int64 `json:"took"` // milliseconds until it was over: for what the machine does

	Held bool `json:"held"` // all that has to hold did, so that nothing was left, too
}
