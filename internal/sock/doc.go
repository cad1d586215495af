// Package sock reads and writes sockets that do not block, with as few detours as there may be. It knows of no frames.
//
// A system call that cannot wait need not be told to Go's scheduler, which gives away the right to run Go code while one takes longer than some microseconds: where
// two processes share a core that is what happens, since the one that is woken by a write runs at once. So small reads and writes are raw. The price is that a
// collection, which stops all goroutines for a moment, waits for them. The race detector has to know of reads and writes; where it is on, they are not raw.
package sock
