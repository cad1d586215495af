package registry

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
)

// checkEntry finds the file that runs and refuses it if it cannot: each reason is a sentence of its own.
func (e *Entry) checkEntry(p *policy) error {
	path, err := e.findEntry(p)
	if err != nil {
		return err
	}
	if !p.allowOutside && !e.holds(path) {
		return fmt.Errorf("entry %s is a link that leaves the folder: it leads to %s, outside of %s", e.EntryRel, path, e.Dir)
	}
	info, err := os.Stat(path)
	switch {
	case err != nil:
		return fmt.Errorf("entry %s cannot be looked at: %w", e.EntryRel, plain(err))
	case info.IsDir():
		return fmt.Errorf("entry %s is a folder, want an executable file", e.EntryRel)
	case !info.Mode().IsRegular():
		return fmt.Errorf("entry %s is not a regular file (%s), want an executable file", e.EntryRel, info.Mode().Type())
	case info.Size() == 0:
		return fmt.Errorf("entry %s is empty, want an executable file", e.EntryRel)
	case !looksExecutable(path, info):
		return fmt.Errorf("entry %s is not executable (mode %04o): %s", e.EntryRel, info.Mode().Perm(), executableHint(path))
	}
	e.EntryPath = path
	return e.checkFormat(p)
}

// findEntry is the entry with every link resolved. On Windows, .exe may be left out in the manifest.
func (e *Entry) findEntry(p *policy) (string, error) {
	named := filepath.Join(e.Dir, filepath.FromSlash(e.EntryRel))
	path, err := filepath.EvalSymlinks(named)
	if errors.Is(err, fs.ErrNotExist) && p.goos == "windows" {
		if exe, exeErr := filepath.EvalSymlinks(named + ".exe"); exeErr == nil {
			e.EntryRel += ".exe"
			path, err = exe, nil
		}
	}
	if err == nil {
		return path, nil
	}
	if info, lerr := os.Lstat(named); lerr == nil && info.Mode()&fs.ModeSymlink != 0 {
		target, _ := os.Readlink(named)
		return "", fmt.Errorf("entry %s is a link that leads nowhere: %s: %w", e.EntryRel, target, plain(err))
	}
	if errors.Is(err, fs.ErrNotExist) {
		return "", fmt.Errorf("entry %s does not exist: want an executable file at %s: %w", e.EntryRel, named, fs.ErrNotExist)
	}
	return "", fmt.Errorf("entry %s cannot be looked at: %w", e.EntryRel, plain(err))
}

// holds reports whether a resolved path is inside the plugin's folder, resolved too.
func (e *Entry) holds(path string) bool {
	root, err := filepath.EvalSymlinks(e.Dir)
	if err != nil {
		return false
	}
	rel, err := filepath.Rel(root, path)
	return err == nil && rel != "." && rel != ".." && !strings.HasPrefix(rel, ".."+string(filepath.Separator))
}
