package store

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"sync"
	"time"

	"github.com/go-hotplug/hotplug/internal/filekey"
)

const (
	// settled is how long ago a file must have changed last for its digest to be remembered: a second
	// change within one tick of the file system's clock would leave the same times behind.
	settled = 100 * time.Millisecond
	// maxDigests bounds the memory of a digestCache; at this many it starts anew.
	maxDigests = 8 * MaxFiles
)

// digestCache remembers what files hash to. The zero value is ready.
type digestCache struct {
	mu    sync.Mutex // guards all below
	sums  map[filekey.Key]digest
	fresh bool // there is one that was not saved
}

// A digest is what a file hashes to.
type digest struct {
	sum  string
	used bool // by this store, not only by one before it
}

func (c *digestCache) get(k filekey.Key) (string, bool) {
	c.mu.Lock()
	defer c.mu.Unlock()
	d, ok := c.sums[k]
	if ok && !d.used {
		c.sums[k] = digest{d.sum, true}
	}
	return d.sum, ok
}

func (c *digestCache) put(k filekey.Key, sum string) {
	if !filekey.Tells {
		return
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.sums == nil || len(c.sums) >= maxDigests {
		c.sums = make(map[filekey.Key]digest)
	}
	c.sums[k] = digest{sum, true}
	c.fresh = true
}

// forget drops a digest that turned out to be wrong.
func (c *digestCache) forget(k filekey.Key) {
	c.mu.Lock()
	defer c.mu.Unlock()
	delete(c.sums, k)
}

// digestAll fills in the digest of every file, and reports whether it had to read one.
func (s *Store) digestAll(ctx context.Context, l *listing) (read bool, err error) {
	for i := range l.items {
		it := &l.items[i]
		if it.sum != "" {
			continue
		}
		if sum, ok := s.digests.get(it.key); ok {
			it.sum = sum
			continue
		}
		read = true
		if it.sum, err = s.digestSource(ctx, l, *it); err != nil {
			return read, err
		}
	}
	return read, nil
}

// digestSource reads one file of a tree.
func (s *Store) digestSource(ctx context.Context, l *listing, it item) (string, error) {
	looked := s.now()
	f, err := l.open(it)
	if err != nil {
		return "", err
	}
	defer func() { _ = f.Close() }()
	sum, err := copyAndSum(ctx, io.Discard, f, it.size)
	if err != nil {
		return "", err
	}
	if err := stillSame(f, it); err != nil {
		return "", err
	}
	if looked.Sub(it.key.Changed()) > settled {
		s.digests.put(it.key, sum)
	}
	return sum, nil
}

// open opens a file of the tree, and makes sure that it is the one that was listed. It neither follows a
// link out of the tree nor waits for the writer of a named pipe that took the file's place.
func (l *listing) open(it item) (*os.File, error) {
	f, err := l.root.OpenFile(filepath.FromSlash(it.rel), os.O_RDONLY|openNonblock, 0)
	if errors.Is(err, fs.ErrPermission) {
		return nil, fmt.Errorf("this user may not read it: change its mode or owner, or leave it out with the manifest's files: %w", err)
	}
	if err != nil {
		return nil, vanished(err)
	}
	if err := stillSame(f, it); err != nil {
		_ = f.Close()
		return nil, err
	}
	return f, nil
}

// stillSame is ErrChanged unless the open file is as it was listed.
func stillSame(f *os.File, it item) error {
	fi, err := f.Stat()
	if err != nil {
		return err
	}
	if !fi.Mode().IsRegular() || !fileItem(it.rel, fi).same(it) {
		return fmt.Errorf("%w: %q", ErrChanged, it.rel)
	}
	return nil
}

// copyAndSum copies size bytes and gives their digest. More or fewer bytes are ErrChanged.
func copyAndSum(ctx context.Context, dst io.Writer, src *os.File, size int64) (string, error) {
	h := sha256.New()
	r := io.LimitReader(ctxReader{ctx, src}, size+1)
	n, err := io.CopyBuffer(io.MultiWriter(h, dst), r, make([]byte, min(size+1, 1<<20)))
	if err != nil {
		return "", err
	}
	if n != size {
		return "", fmt.Errorf("%w: %q", ErrChanged, src.Name())
	}
	return hex.EncodeToString(h.Sum(nil)), nil
}

// ctxReader ends a copy when its context does; it lives as long as the one copy.
type ctxReader struct {
	ctx context.Context
	r   io.Reader
}

func (r ctxReader) Read(b []byte) (int, error) {
	if err := context.Cause(r.ctx); err != nil {
		return 0, err
	}
	return r.r.Read(b)
}
