package store

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
)

// manifestName is the file at a tree's top that is compared apart.
const manifestName = "plugin.json"

// scan lists a tree without reading any file.
func (s *Store) scan(ctx context.Context, t Tree) (*listing, error) {
	l, err := openTree(t.Root)
	if err != nil {
		return nil, err
	}
	w := walker{ctx: ctx, l: l, pick: t.Select, limits: s.limits}
	if err := w.walk(); err != nil {
		l.close()
		return nil, err
	}
	return l, nil
}

// openTree opens the folder of a tree; of a lone file, the folder that it is in.
func openTree(root string) (*listing, error) {
	dir, err := filepath.EvalSymlinks(root)
	if err != nil {
		return nil, err
	}
	if dir, err = filepath.Abs(dir); err != nil {
		return nil, err
	}
	fi, err := os.Stat(dir)
	if err != nil {
		return nil, err
	}
	l := &listing{dir: dir}
	if !fi.IsDir() {
		l.dir, l.lone = filepath.Split(dir)
	}
	l.root, err = os.OpenRoot(l.dir)
	return l, err
}

// walker fills a listing.
type walker struct {
	ctx    context.Context // of the one call of scan
	l      *listing
	pick   func(rel string) bool
	limits limits
}

func (w *walker) walk() error {
	if w.l.lone != "" {
		fi, err := os.Lstat(filepath.Join(w.l.dir, w.l.lone))
		if err != nil {
			return vanished(err)
		}
		return w.add(w.l.lone, fi)
	}
	if err := filepath.WalkDir(w.l.dir, w.visit); err != nil {
		return err
	}
	// WalkDir's order is by folder: "a/b" before "a-b".
	slices.SortFunc(w.l.items, func(a, b item) int { return strings.Compare(a.rel, b.rel) })
	return w.l.checkLinks()
}

func (w *walker) visit(p string, d fs.DirEntry, err error) error {
	if err != nil {
		return vanished(err)
	}
	if err := context.Cause(w.ctx); err != nil {
		return err
	}
	rel, err := filepath.Rel(w.l.dir, p)
	if err != nil || d.IsDir() {
		return err
	}
	rel = filepath.ToSlash(rel)
	if rel == manifestName || w.pick != nil && !w.pick(rel) {
		return nil
	}
	fi, err := d.Info()
	if err != nil {
		return vanished(err)
	}
	return w.add(rel, fi)
}

// vanished makes a file that went while the tree was listed a change, not a missing file.
func vanished(err error) error {
	if errors.Is(err, fs.ErrNotExist) {
		return fmt.Errorf("%w: %w", ErrChanged, err)
	}
	return err
}

// add takes one file or link into the listing, or says why not.
func (w *walker) add(rel string, fi fs.FileInfo) error {
	var it item
	switch fi.Mode().Type() {
	case 0:
		it = fileItem(rel, fi)
	case fs.ModeSymlink:
		link, err := w.l.resolve(rel)
		if err != nil || link == "" {
			return err
		}
		it = linkItem(rel, link)
	default:
		return fmt.Errorf("%q is a %s, a plugin's tree has files, folders and links only: remove it, "+
			"or leave it out with the manifest's files", rel, kindName(fi.Mode()))
	}
	w.l.items = append(w.l.items, it)
	w.l.bytes += it.size
	return w.checkLimits()
}

func (w *walker) checkLimits() error {
	const todo = "select fewer with the manifest's files"
	if n := len(w.l.items); n > w.limits.files {
		return fmt.Errorf("the tree has more than %d files: %s", w.limits.files, todo)
	}
	if w.l.bytes > w.limits.bytes {
		return fmt.Errorf("the tree has more than %d bytes (%q is the file that is too much): %s",
			w.limits.bytes, w.l.items[len(w.l.items)-1].rel, todo)
	}
	return nil
}

func kindName(m fs.FileMode) string {
	switch {
	case m.IsRegular():
		return "file"
	case m&fs.ModeSymlink != 0:
		return "link"
	case m&fs.ModeNamedPipe != 0:
		return "named pipe"
	case m&fs.ModeSocket != 0:
		return "socket"
	case m&fs.ModeDevice != 0:
		return "device"
	}
	return "special file"
}
