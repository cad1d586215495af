// Package pipe is a buffered connection in memory: two ends that behave like a socket pair, for tests on fake time.
//
//	a, b := pipe.New(0)
//	defer a.Close()
//	defer b.Close()
//	if _, err := a.Write([]byte("hello")); err != nil { // returns at once: 64 KiB fit
//		return err
//	}
//	a.(interface{ CloseWrite() error }).CloseWrite()
//	data, err := io.ReadAll(b) // "hello", nil
//
// Guarantees:
//   - A Write returns as soon as its bytes are in the buffer of the other end; a full buffer blocks it.
//   - Closing an end lets the other one read what is buffered, and then [io.EOF].
//   - Bytes of one Write are never mixed with those of another.
//   - Deadlines follow [net.Conn]: one that has passed fails even a call that need not wait, and moving it
//     wakes those who wait.
//   - Every wait is one that testing/synctest counts as durably blocked. Use both ends in the bubble that
//     made them.
//   - No goroutine is started. A timer lives while a deadline is set, and is stopped by Close.
package pipe
