// Package writev writes two pieces with one system call, where there is one for it. It knows of no frames, and never waits.
package writev
