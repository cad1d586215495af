package store

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
)

// ErrAltered is what Check's error wraps when a copy is not what its hash says.
var ErrAltered = errors.New("somebody has written to the store, or a disk is damaged")

// Check is an error unless a copy that is about to be run holds what was copied. It reads only what it has not read before. Files that were added to a copy
// which this Store has put do not count: a program may keep things beside its code. It may be called concurrently; ctx ends it between two blocks.
func (s *Store) Check(ctx context.Context, c Copy) error {
	s.place.Lock()
	defer s.place.Unlock()
	return explainAltered(ctx, c, s.check(ctx, c))
}

// CheckExactly is Check, and files that were added count as well. It reads every file of the copy: what was written through a mapping of memory moves
// none of the times that a remembered digest goes by. What it finds is remembered, so that a Put after it makes an altered copy anew.
func (s *Store) CheckExactly(ctx context.Context, c Copy) error {
	s.place.Lock()
	defer s.place.Unlock()
	err := s.checkHash(ctx, c, s.forgetAll)
	if err == nil {
		err = s.check(ctx, c)
	}
	return explainAltered(ctx, c, err)
}

// forgetAll has the files of a listing read again.
func (s *Store) forgetAll(l *listing) {
	for _, it := range l.items {
		s.digests.forget(it.key)
	}
}

// explainAltered is what Check says of err.
func explainAltered(ctx context.Context, c Copy, err error) error {
	if err == nil {
		return nil
	}
	if cause := context.Cause(ctx); cause != nil {
		return fmt.Errorf("copy %s: %w", c.Dir, cause)
	}
	return fmt.Errorf("copy %s: %w: %w", c.Dir, ErrAltered, err)
}

// check does it. place is held.
func (s *Store) check(ctx context.Context, c Copy) error {
	items, put := s.listed[c.Hash]
	if !put {
		return s.checkHash(ctx, c, func(*listing) {})
	}
	for _, it := range items {
		p := filepath.Join(c.Dir, filepath.FromSlash(it.rel))
		fi, err := os.Lstat(p)
		if err == nil {
			err = s.checkCopied(ctx, it, p, fs.FileInfoToDirEntry(fi))
		}
		if err != nil {
			return err
		}
	}
	return nil
}

// checkHash is check for a copy that another Store has put. before is called with what there is to read.
func (s *Store) checkHash(ctx context.Context, c Copy, before func(*listing)) error {
	l, err := s.scan(ctx, Tree{Root: c.Dir})
	if err != nil {
		return err
	}
	defer l.close()
	before(l)
	if _, err := s.digestAll(ctx, l); err != nil {
		return err
	}
	if found := l.hash(); found != c.Hash {
		return fmt.Errorf("its files hash to %s", found)
	}
	return nil
}

// maxListed bounds the memory of what copies hold: at this many it starts anew, and Check hashes.
const maxListed = 256

// list remembers what a copy holds.
func (s *Store) list(hash string, l *listing) {
	s.place.Lock()
	defer s.place.Unlock()
	if s.listed == nil || len(s.listed) >= maxListed {
		s.listed = make(map[string][]item)
	}
	s.listed[hash] = l.items
}
