// Soak reloads, breaks, kills and stops plugins for as long as it is told, while callers go on, and judges what they got. It is a host and, launched
// by itself, each of the plugins:
//
//	SOAK=2 make soak
//
// The last two lines of its output are one object of JSON each; its exit status is 0 only if both say "ok": true. See incident.go, ledger.go and
// report.go for what is judged.
package main
