package store

import (
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"

	"github.com/go-hotplug/hotplug/internal/filekey"
	"github.com/go-hotplug/hotplug/internal/regular"
)

const (
	newPrefix = ".new-" // a copy that is being written
	oldPrefix = ".old-" // a copy that is being removed
)

// placeTries bounds the race with other processes that put or remove the same copy.
const placeTries = 10

// make writes a copy and puts it in place, unless the tree has changed meanwhile.
func (s *Store) make(ctx context.Context, l *listing, dir string, unchanged func() error) error {
	tmp, err := s.write(ctx, l)
	if err != nil {
		return err
	}
	if err = unchanged(); err == nil {
		err = s.putInPlace(ctx, l, tmp, dir)
	}
	if err != nil {
		_ = os.RemoveAll(tmp)
	}
	return err
}

// reuse reports whether the copy in dir is intact, and notes that it was asked for.
func (s *Store) reuse(ctx context.Context, l *listing, dir string) (bool, error) {
	s.place.Lock()
	defer s.place.Unlock()
	ok, err := s.intact(ctx, l, dir)
	if !ok || err != nil {
		return false, err
	}
	return true, s.touch(dir)
}

// touch notes the time of use, for Sweep.
func (s *Store) touch(dir string) error {
	now := s.now()
	if err := os.Chtimes(dir, now, now); err != nil {
		return fmt.Errorf("note the use of a copy: %w", explain(s.dir, err))
	}
	return nil
}

// putInPlace renames a new copy to its name. If somebody was faster it keeps theirs, if that is intact;
// one that is not is moved away first. What runs from it goes on running.
func (s *Store) putInPlace(ctx context.Context, l *listing, tmp, dir string) error {
	s.place.Lock()
	defer s.place.Unlock()
	for range placeTries {
		err := os.Rename(tmp, dir)
		if err == nil {
			return errors.Join(s.touch(dir), syncPath(s.dir))
		}
		if _, serr := os.Lstat(dir); serr != nil && !errors.Is(err, fs.ErrExist) { // else it went just now
			return explain(s.dir, err)
		}
		ok, err := s.intact(ctx, l, dir)
		if err != nil {
			return err
		}
		if ok {
			_ = os.RemoveAll(tmp)
			return s.touch(dir)
		}
		if err := s.discard(dir); err != nil {
			return err
		}
	}
	return fmt.Errorf("copy %s is replaced by others again and again: is another program at work in that folder?", dir)
}

// discard removes a copy; first it loses its name, so that nobody finds half of it.
func (s *Store) discard(dir string) error {
	away, err := os.MkdirTemp(s.dir, oldPrefix)
	if err != nil {
		return explain(s.dir, err)
	}
	err = os.Rename(dir, filepath.Join(away, filepath.Base(dir)))
	if errors.Is(err, fs.ErrNotExist) { // somebody else did it
		err = nil
	}
	return errors.Join(explain(s.dir, err), os.RemoveAll(away))
}

// intact reports whether dir holds exactly the listing's files, unaltered. An error is the context's only:
// a copy that cannot be read is not intact.
func (s *Store) intact(ctx context.Context, l *listing, dir string) (bool, error) {
	found := 0
	err := filepath.WalkDir(dir, func(p string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() {
			return err
		}
		rel, err := filepath.Rel(dir, p)
		if err != nil {
			return err
		}
		it := l.find(filepath.ToSlash(rel))
		if it == nil {
			return fmt.Errorf("%q is not part of it", rel)
		}
		found++
		return s.checkCopied(ctx, *it, p, d)
	})
	if cerr := context.Cause(ctx); cerr != nil {
		return false, cerr
	}
	return err == nil && found == len(l.items), nil
}

// checkCopied is an error unless the file at p is an unaltered copy of the item.
func (s *Store) checkCopied(ctx context.Context, it item, p string, d fs.DirEntry) error {
	if it.link != "" {
		if to, err := os.Readlink(p); err != nil || filepath.ToSlash(to) != it.link {
			return fmt.Errorf("%q is not the link that it was", it.rel)
		}
		return nil
	}
	fi, err := d.Info()
	if err != nil {
		return err
	}
	if !fi.Mode().IsRegular() || fi.Size() != it.size || permsCount && fi.Mode().Perm() != it.perm() && fi.Mode().Perm() != shared(it.perm()) {
		return fmt.Errorf("%q is not the file that it was", it.rel)
	}
	if sum, err := s.digestCopied(ctx, p, fi); err != nil || sum != it.sum {
		return fmt.Errorf("%q was altered", it.rel)
	}
	return nil
}

// digestCopied is the digest of a file in the store, remembered if it was seen in this state before.
func (s *Store) digestCopied(ctx context.Context, p string, fi fs.FileInfo) (string, error) {
	k := filekey.Of(fi)
	if sum, ok := s.digests.get(k); ok {
		return sum, nil
	}
	f, err := regular.Open(p, os.O_RDONLY, 0)
	if err != nil {
		return "", err
	}
	defer func() { _ = f.Close() }()
	if err := stillSame(f, fileItem(p, fi)); err != nil {
		return "", err
	}
	sum, err := copyAndSum(ctx, io.Discard, f, fi.Size())
	if err == nil && s.now().Sub(k.Changed()) > settled {
		s.digests.put(k, sum)
	}
	return sum, err
}
