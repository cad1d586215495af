// Soak reloads, breaks, kills and stops plugins for as long as it is told, while callers go on, and judges what they got. It is a host and, launched
// by itself, each of the plugins:
//
//	SOAK=2 make soak
//
// The last line of its output is one object of JSON; its exit status is 0 only if that says "ok": true. See judge.go for what is a failure.
package main
