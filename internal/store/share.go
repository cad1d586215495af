package store

import (
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
)

// Share lets other users of this machine read and execute a copy, and not alter it: a plugin may run as another user than its host. They can enter
// the store's folder and the one above it from then on, and list neither: who does not know a copy's hash does not find it. Folders further up
// are left as they are.
func (s *Store) Share(c Copy) error {
	s.place.Lock()
	defer s.place.Unlock()
	for _, dir := range []string{filepath.Dir(s.dir), s.dir} {
		if err := widen(dir, 0o011); err != nil {
			return fmt.Errorf("share copy %s: %w", c.Dir, err)
		}
	}
	err := filepath.WalkDir(c.Dir, func(p string, d fs.DirEntry, err error) error {
		if err != nil || d.Type()&fs.ModeSymlink != 0 {
			return err
		}
		info, err := d.Info()
		if err != nil {
			return err
		}
		return widen(p, shared(info.Mode().Perm())&0o055)
	})
	if err != nil {
		return fmt.Errorf("share copy %s: %w", c.Dir, err)
	}
	return nil
}

// shared is a mode by which all may read and execute what its owner may.
func shared(perm fs.FileMode) fs.FileMode { return perm | (perm&0o500)>>3 | (perm&0o500)>>6 }

// widen gives a file or folder permissions besides those that it has.
func widen(path string, more fs.FileMode) error {
	info, err := os.Stat(path)
	if err != nil || info.Mode().Perm()&more == more {
		return err
	}
	return os.Chmod(path, info.Mode().Perm()|more)
}
