// Package place says on which cores the two processes of a measurement run, and what CPU time and memory a process has used.
package place
