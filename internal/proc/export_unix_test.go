//go:build unix

package proc

// WriteNow is writeNow: a small pipe cannot be had on demand.
var WriteNow = writeNow
