package store

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"syscall"

	"github.com/go-hotplug/hotplug/internal/filekey"
)

// write makes a complete, synced copy under a temporary name. An error leaves nothing.
func (s *Store) write(ctx context.Context, l *listing) (tmp string, err error) {
	tmp, err = os.MkdirTemp(s.dir, newPrefix)
	if errors.Is(err, fs.ErrNotExist) { // somebody removed the folder: it holds nothing that cannot be made again
		if err = os.MkdirAll(s.dir, 0o700); err == nil {
			tmp, err = os.MkdirTemp(s.dir, newPrefix)
		}
	}
	if err != nil {
		return "", explain(s.dir, err)
	}
	err = s.writeAll(ctx, l, tmp)
	if err != nil {
		_ = os.RemoveAll(tmp)
		return "", explain(s.dir, err)
	}
	return tmp, nil
}

func (s *Store) writeAll(ctx context.Context, l *listing, tmp string) error {
	for _, it := range l.items {
		dst := filepath.Join(tmp, filepath.FromSlash(it.rel))
		if err := os.MkdirAll(filepath.Dir(dst), 0o700); err != nil {
			return err
		}
		if err := s.writeItem(ctx, l, it, dst); err != nil {
			return err
		}
	}
	return syncDirs(tmp)
}

// syncDirs syncs every folder of a copy. They stay writable for this user, so that removing the state folder
// takes no more than rm -r.
func syncDirs(tmp string) error {
	return filepath.WalkDir(tmp, func(p string, d fs.DirEntry, err error) error {
		if err != nil || !d.IsDir() {
			return err
		}
		return syncPath(p)
	})
}

func (s *Store) writeItem(ctx context.Context, l *listing, it item, dst string) error {
	if it.link != "" {
		return os.Symlink(filepath.FromSlash(it.link), dst)
	}
	src, err := l.open(it)
	if err != nil {
		return err
	}
	defer func() { _ = src.Close() }()
	sum, err := writeFile(ctx, src, it, dst)
	if err != nil {
		return err
	}
	s.copied(it.rel)
	if sum != it.sum { // a change that leaves the content alone is seen when the tree is looked at again
		s.digests.forget(it.key)
		return fmt.Errorf("%w: %q", ErrChanged, it.rel)
	}
	return s.finish(dst, sum)
}

// writeFile copies one file and gives the digest of what it copied. While a program is open for writing
// no process is forked: the child would hold it open until it execs, and meanwhile the program could not
// be executed ("text file busy").
func writeFile(ctx context.Context, src *os.File, it item, dst string) (sum string, err error) {
	if it.exec {
		syscall.ForkLock.RLock()
		defer syscall.ForkLock.RUnlock()
	}
	f, err := os.OpenFile(dst, os.O_WRONLY|os.O_CREATE|os.O_EXCL, it.perm())
	if err != nil {
		return "", err
	}
	sum, err = copyAndSum(ctx, f, src, it.size)
	return sum, errors.Join(err, f.Chmod(it.perm()), f.Close()) // Chmod: the umask may have taken bits
}

// finish syncs a copied file and remembers its digest. Nobody else writes in the store, so it need not
// have settled.
func (s *Store) finish(dst, sum string) error {
	if err := syncPath(dst); err != nil {
		return err
	}
	fi, err := os.Lstat(dst)
	if err != nil {
		return err
	}
	s.digests.put(filekey.Of(fi), sum)
	return nil
}
