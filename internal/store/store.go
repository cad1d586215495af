package store

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"sync"
	"time"

	"github.com/go-hotplug/hotplug/internal/shellwords"
)

const (
	// MaxBytes is the size limit of a tree: 256 MiB.
	MaxBytes int64 = 256 << 20
	// MaxFiles is the limit on the number of files and links of a tree.
	MaxFiles = 10_000
)

const (
	changedTries = 4                     // how often Put looks at a tree that keeps changing
	changedDelay = 25 * time.Millisecond // before the second look; doubled for each further one
)

// ErrChanged is what Put's error wraps when files were written while they were copied.
var ErrChanged = errors.New("files changed while they were copied")

// Tree says what to copy. Root is required.
type Tree struct {
	// Root is a folder, or a file, which is then the whole tree. It may be a link.
	Root string
	// Entry is the file to execute, relative to Root, with slashes. Empty if Root is a file, or if there is
	// none to check.
	Entry string
	// Select picks files by their path relative to Root, with slashes; it is asked about files and links,
	// not folders. Nil picks all. plugin.json at the top is never asked about.
	Select func(rel string) bool
	// SHA256 is what the entry's content has to hash to, in hex; empty if nobody said.
	SHA256 string
	// Modeless hashes the tree as a system does that knows no execute bits, which is Windows. It is for Sum: Put copies what this system knows.
	Modeless bool
}

// Copy is one copy in the store. It stays until Sweep removes it.
type Copy struct {
	Dir         string // absolute path of the copied tree
	Entry       string // path of the entry relative to Dir, with slashes
	EntrySHA256 string // of the content that is executed, in lower-case hex; empty if there is no entry
	Hash        string // the tree's hash; the last element of Dir
	Files       int    // files and links
	Bytes       int64  // their size together
}

// Store is a folder of copies. Its methods may be called concurrently, also by several processes with one
// folder, with the restriction that Sweep states.
type Store struct {
	dir     string
	digests digestCache

	place  sync.Mutex        // held while a copy is checked, put in place or removed, so that this process does one at a time
	listed map[string][]item // what copies hold that were put, by hash; place guards it

	// Seams for tests.
	now    func() time.Time
	copied func(rel string) // called after each file's bytes were copied
	limits limits
}

type limits struct {
	files int
	bytes int64
}

// Open opens the store in dir, and makes the folder (mode 0700) if it is not there. It refuses a folder
// that belongs to another user or that the group or everybody may write to: whoever can write there can
// choose what the host runs. What the store before has saved of digests is known.
func Open(dir string) (*Store, error) {
	dir, err := filepath.Abs(dir)
	if err != nil {
		return nil, fmt.Errorf("open store %s: %w", dir, err)
	}
	failed := os.MkdirAll(dir, 0o700)
	fi, err := os.Lstat(dir)
	if err != nil {
		return nil, fmt.Errorf("open store %s: %w", dir, explain(dir, cmp.Or(failed, err)))
	}
	if err := checkOurs(dir, fi); err != nil {
		return nil, fmt.Errorf("open store: %w", err)
	}
	return &Store{
		dir: dir, now: time.Now, copied: func(string) {},
		limits:  limits{files: MaxFiles, bytes: MaxBytes},
		digests: digestCache{sums: readDigests(dir)},
	}, nil
}

// checkOurs refuses a folder in which others could put what we run.
func checkOurs(dir string, fi fs.FileInfo) error {
	if !fi.IsDir() {
		return fmt.Errorf("%s is a %s, a folder is needed there: remove it, or choose another state folder", dir, kindName(fi.Mode()))
	}
	if uid, ok := ownerOf(fi); ok && uid != os.Geteuid() {
		return fmt.Errorf("folder %s belongs to user %d, this host runs as user %d: choose another state folder, "+
			"or give it to this user", dir, uid, os.Geteuid())
	}
	if perm := fi.Mode().Perm(); permsCount && perm&0o022 != 0 {
		return fmt.Errorf("folder %s may be written to by others (mode %v), so they could choose what runs: %s",
			dir, perm, shellwords.Line("chmod", "0700", dir))
	}
	return nil
}

// Dir is the folder of the store.
func (s *Store) Dir() string { return s.dir }

// Put copies the tree into the store, or finds the copy that is there, and checks it. It reads only what it
// has not read before. A tree that changes meanwhile is looked at again a few times within about 200 ms,
// and is then ErrChanged. An error leaves nothing behind. Put blocks while files are read and written;
// ctx ends it between two blocks.
func (s *Store) Put(ctx context.Context, t Tree) (Copy, error) {
	c, err := patiently(ctx, func() (Copy, error) { return s.put(ctx, t) })
	if err != nil {
		return Copy{}, fmt.Errorf("store %s: %w", t.Root, err)
	}
	return c, nil
}

// patiently tries again what found a tree changing.
func patiently(ctx context.Context, try func() (Copy, error)) (Copy, error) {
	delay := changedDelay
	for n := 1; ; n++ {
		c, err := try()
		if err == nil || !errors.Is(err, ErrChanged) || n == changedTries {
			return c, err
		}
		if err := sleep(ctx, delay); err != nil {
			return Copy{}, err
		}
		delay *= 2
	}
}

func sleep(ctx context.Context, d time.Duration) error {
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-timer.C:
		return nil
	case <-ctx.Done():
		return context.Cause(ctx)
	}
}

// put is one try.
func (s *Store) put(ctx context.Context, t Tree) (Copy, error) {
	l, err := s.scan(ctx, t)
	if err != nil {
		return Copy{}, err
	}
	defer l.close()
	read, err := s.digestAll(ctx, l)
	if err != nil {
		return Copy{}, err
	}
	if err := l.checkEntry(t); err != nil {
		return Copy{}, err
	}
	c := l.copy(t)
	c.Dir = filepath.Join(s.dir, c.Hash)
	unchanged := func() error { return s.unchanged(ctx, t, l) }
	ok, err := s.reuse(ctx, l, c.Dir)
	s.list(c.Hash, l)
	switch {
	case err != nil:
		return Copy{}, err
	case !ok:
		return c, s.make(ctx, l, c.Dir, unchanged)
	case read:
		return c, unchanged()
	}
	return c, nil
}

// unchanged looks at the tree once more: a file that came, went or moved while others were read makes the
// listing a mixture of two states.
func (s *Store) unchanged(ctx context.Context, t Tree, before *listing) error {
	after, err := s.scan(ctx, t)
	if err != nil {
		return err
	}
	defer after.close()
	return before.same(after)
}
