package store

import (
	"context"
	"fmt"
	"time"
)

// Sum says what Put would copy, by the same rules and with the same hash, and writes nothing: of the Copy that it returns Dir is empty. It reads
// every file. A tree that changes meanwhile is looked at again, as by Put. It may be called concurrently; ctx ends it between two blocks.
func Sum(ctx context.Context, t Tree) (Copy, error) {
	s := &Store{now: time.Now, limits: limits{files: MaxFiles, bytes: MaxBytes}}
	c, err := patiently(ctx, func() (Copy, error) { return s.sum(ctx, t) })
	if err != nil {
		return Copy{}, fmt.Errorf("hash %s: %w", t.Root, err)
	}
	return c, nil
}

// sum is one try.
func (s *Store) sum(ctx context.Context, t Tree) (Copy, error) {
	l, err := s.scan(ctx, t)
	if err != nil {
		return Copy{}, err
	}
	defer l.close()
	if _, err := s.digestAll(ctx, l); err != nil {
		return Copy{}, err
	}
	if err := l.checkEntry(t); err != nil {
		return Copy{}, err
	}
	if err := s.unchanged(ctx, t, l); err != nil {
		return Copy{}, err
	}
	if t.Modeless {
		for i := range l.items {
			l.items[i].exec = false
		}
	}
	return l.copy(t), nil
}
