package contender

import "sync"

// An idle holds connections that carry one call at a time, between calls. Who calls takes the one that was used last, whose buffers are
// warm; who finds none connects.
type idle[C any] struct {
	mu   sync.Mutex // guards free; not held while connecting or calling
	free []C
}

// take returns a connection that is free, or a new one.
func (i *idle[C]) take(connect func() (C, error)) (C, error) {
	i.mu.Lock()
	if n := len(i.free); n > 0 {
		c := i.free[n-1]
		i.free = i.free[:n-1]
		i.mu.Unlock()
		return c, nil
	}
	i.mu.Unlock()
	return connect()
}

// give takes a connection back after a call that went well.
func (i *idle[C]) give(c C) {
	i.mu.Lock()
	defer i.mu.Unlock()
	i.free = append(i.free, c)
}
