package store

import (
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path"
	"path/filepath"
	"slices"
	"strings"

	"github.com/go-hotplug/hotplug/internal/filekey"
)

// item is one file or link of a tree.
type item struct {
	rel  string // relative to the root, with slashes
	exec bool
	link string // of a link, where it leads, relative to its own folder, with slashes; empty for a file
	size int64
	key  filekey.Key // tells whether a file is as it was; zero for a link
	sum  string      // SHA-256 of the content in hex
}

func fileItem(rel string, fi fs.FileInfo) item {
	return item{rel: rel, exec: fi.Mode()&0o111 != 0, size: fi.Size(), key: filekey.Of(fi)}
}

func linkItem(rel, link string) item {
	sum := sha256.Sum256([]byte(link))
	return item{rel: rel, link: link, size: int64(len(link)), sum: hex.EncodeToString(sum[:])}
}

// target is the path, relative to the root, that a link finally leads to.
func (it item) target() string { return path.Join(path.Dir(it.rel), it.link) }

// perm is the mode of the copy.
func (it item) perm() fs.FileMode {
	if it.exec {
		return 0o500
	}
	return 0o400
}

func (it item) mode() byte {
	switch {
	case it.link != "":
		return 'l'
	case it.exec:
		return 'x'
	}
	return '-'
}

// same reports whether two looks at a path saw the same thing.
func (it item) same(other item) bool {
	return it.rel == other.rel && it.exec == other.exec && it.link == other.link &&
		it.size == other.size && it.key == other.key
}

// listing is what a tree consists of at one moment, sorted by path.
type listing struct {
	root  *os.Root // through which files are opened: it follows no link out of the tree
	dir   string   // its absolute path, links resolved
	lone  string   // the name of the file that is the whole tree; empty if the tree is a folder
	items []item
	bytes int64
}

func (l *listing) close() { _ = l.root.Close() }

// find gives the item at a path; nil if there is none.
func (l *listing) find(rel string) *item {
	i, ok := slices.BinarySearchFunc(l.items, rel, func(it item, rel string) int { return strings.Compare(it.rel, rel) })
	if !ok {
		return nil
	}
	return &l.items[i]
}

// resolve says where a link finally leads, relative to the link's folder; empty if nowhere.
func (l *listing) resolve(rel string) (string, error) {
	target, err := filepath.EvalSymlinks(filepath.Join(l.dir, filepath.FromSlash(rel)))
	if errors.Is(err, fs.ErrNotExist) {
		return "", nil
	}
	if err != nil {
		return "", fmt.Errorf("follow link %q: %w: remove it, or leave it out with the manifest's files", rel, err)
	}
	inside, err := filepath.Rel(l.dir, target)
	if err != nil || !filepath.IsLocal(inside) {
		return "", fmt.Errorf("link %q leads out of the tree, to %s: put a copy of the file in its place, "+
			"or leave it out with the manifest's files", rel, target)
	}
	link, err := filepath.Rel(filepath.Dir(filepath.FromSlash(rel)), inside)
	return filepath.ToSlash(link), err
}

// checkLinks refuses a link to something that is not copied: in the copy it would lead nowhere.
func (l *listing) checkLinks() error {
	for _, it := range l.items {
		if it.link != "" && !l.holds(it.target()) {
			return fmt.Errorf("link %q leads to %q, which is not selected: select that too with the manifest's "+
				"files, or leave the link out (a plugin.json at the top is never part of the tree)", it.rel, it.target())
		}
	}
	return nil
}

// holds reports whether a path is an item, or a folder with items in it.
func (l *listing) holds(rel string) bool {
	if rel == "." || l.find(rel) != nil {
		return true
	}
	prefix := rel + "/"
	i, _ := slices.BinarySearchFunc(l.items, prefix, func(it item, p string) int { return strings.Compare(it.rel, p) })
	return i < len(l.items) && strings.HasPrefix(l.items[i].rel, prefix)
}

// entry is the path of the file to execute.
func (l *listing) entry(t Tree) string {
	if l.lone != "" {
		return l.lone
	}
	if t.Entry == "" {
		return ""
	}
	return path.Clean(filepath.ToSlash(t.Entry))
}

// executed is the file that the entry is, or that it leads to; nil if there is none.
func (l *listing) executed(t Tree) *item {
	rel := l.entry(t)
	for range maxLinks {
		it, rest := l.nearest(rel)
		switch {
		case it == nil || it.link == "" && rest != "":
			return nil
		case it.link == "":
			return it
		}
		rel = path.Join(it.target(), rest)
	}
	return nil
}

// maxLinks is how many links an entry may lead over, as on Linux a path may.
const maxLinks = 40

// nearest is the item of a path, or of the first folder above it that is a link, and then what is left of the path below that; nil: there is neither.
func (l *listing) nearest(rel string) (it *item, rest string) {
	for i := 0; i < len(rel); i++ {
		if rel[i] != '/' {
			continue
		}
		if it := l.find(rel[:i]); it != nil && it.link != "" {
			return it, rel[i+1:]
		}
	}
	return l.find(rel), ""
}

// copy is what a copy of the listing's files is, but for where it lies.
func (l *listing) copy(t Tree) Copy {
	c := Copy{Entry: l.entry(t), Hash: l.hash(), Files: len(l.items), Bytes: l.bytes}
	if it := l.executed(t); it != nil {
		c.EntrySHA256 = it.sum
	}
	return c
}

// checkEntry refuses an entry that is not there, cannot be executed, or is not what was said.
func (l *listing) checkEntry(t Tree) error {
	rel := l.entry(t)
	if rel == "" && t.SHA256 == "" {
		return nil
	}
	it := l.executed(t)
	switch {
	case it == nil:
		return fmt.Errorf("entry %q is not a file of the tree: build it, correct the manifest's entry, "+
			"or select it with the manifest's files", rel)
	case permsCount && !t.Modeless && !it.exec:
		return fmt.Errorf("entry %q is not executable: chmod +x it", rel)
	case t.SHA256 != "" && !strings.EqualFold(t.SHA256, it.sum):
		return fmt.Errorf("entry %q has the SHA-256 %s, expected was %s: install the file again, "+
			"or correct the hash where it is stated", rel, it.sum, t.SHA256)
	}
	return nil
}

// hash is the tree's hash; doc.go defines it.
func (l *listing) hash() string {
	h := sha256.New()
	for _, it := range l.items {
		_, _ = fmt.Fprintf(h, "%q %c %d %s\n", it.rel, it.mode(), it.size, it.sum)
	}
	return hex.EncodeToString(h.Sum(nil))
}

// same is nil if both listings are of the same, unchanged files, else an ErrChanged that names one.
func (l *listing) same(after *listing) error {
	for i, it := range l.items {
		if i >= len(after.items) || !it.same(after.items[i]) {
			return fmt.Errorf("%w: %q", ErrChanged, it.rel)
		}
	}
	if n := len(l.items); n < len(after.items) {
		return fmt.Errorf("%w: %q was added", ErrChanged, after.items[n].rel)
	}
	return nil
}
