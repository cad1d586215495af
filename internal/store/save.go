package store

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"os"
	"path/filepath"
	"strconv"

	"github.com/go-hotplug/hotplug/internal/filekey"
	"github.com/go-hotplug/hotplug/internal/regular"
)

const (
	// digestsName is the file of digests in a store's folder: a line that names the form, a line for each file with the words of its key
	// and its SHA-256, and the SHA-256 of all that, without which nothing of it counts.
	digestsName = "digests"
	digestsForm = "hotplug digests 1"
	// maxSaved is how many digests are saved beyond those that this store has used: what files of before hashed to is of no use.
	maxSaved = 4096
	// maxDigestsFile bounds what is read: more than maxDigests lines have.
	maxDigestsFile = 16 << 20
)

// Save keeps what files hash to for the next Store of the folder, which then reads only what has changed. It writes nothing if nothing is new. A file
// that changed a moment ago is left out, and kept by a later Save. A store that was not saved costs the next one time, and nothing else. At most one
// process may save at a time.
func (s *Store) Save() error {
	text, all := s.digests.text(func(k filekey.Key) bool { return s.now().Sub(k.Changed()) > settled })
	if text == nil {
		return nil
	}
	if err := s.replace(filepath.Join(s.dir, digestsName), text); err != nil {
		s.digests.unsaved()
		return fmt.Errorf("save digests of files: %w", explain(s.dir, err))
	}
	if !all {
		s.digests.unsaved()
	}
	return nil
}

// replace writes a file whole or not at all. It is not synced: after a crash of the system it may be found damaged, and does not count then.
func (s *Store) replace(path string, text []byte) error {
	f, err := os.CreateTemp(s.dir, newPrefix)
	if err != nil {
		return err
	}
	_, err = f.Write(text)
	if closed := f.Close(); err == nil {
		err = closed
	}
	if err == nil {
		err = os.Rename(f.Name(), path)
	}
	if err != nil {
		_ = os.Remove(f.Name())
	}
	return err
}

// text is the file, nil if nothing in it would be new, and whether it has every digest.
func (c *digestCache) text(has func(filekey.Key) bool) (text []byte, all bool) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if !c.fresh {
		return nil, true
	}
	text, all = []byte(digestsForm+"\n"), true
	many := len(c.sums) > maxSaved
	for k, d := range c.sums {
		switch {
		case !has(k):
			all = false
		case d.used || !many:
			for _, word := range k.Words() {
				text = append(strconv.AppendInt(text, word, 10), ' ')
			}
			text = append(append(text, d.sum...), '\n')
		}
	}
	c.fresh = false
	return append(text, sumOf(text)...), all
}

// unsaved has the next Save write again.
func (c *digestCache) unsaved() {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.fresh = true
}

// sumOf is the last line of a file of digests.
func sumOf(text []byte) string {
	sum := sha256.Sum256(text)
	return hex.EncodeToString(sum[:]) + "\n"
}

// readDigests is what an earlier store has saved; nil if there is nothing, or it is damaged.
func readDigests(dir string) map[filekey.Key]digest {
	if !filekey.Tells {
		return nil
	}
	text, err := regular.Read(filepath.Join(dir, digestsName), maxDigestsFile)
	if err != nil {
		return nil
	}
	return parseDigests(text)
}

// parseDigests reads a file of digests; nil if anything about it is wrong.
func parseDigests(text []byte) map[filekey.Key]digest {
	const last = 2*sha256.Size + 1
	if len(text) < last {
		return nil
	}
	body, sum := text[:len(text)-last], text[len(text)-last:]
	lines, form := bytes.CutPrefix(body, []byte(digestsForm+"\n"))
	if !form || sumOf(body) != string(sum) {
		return nil
	}
	sums := make(map[filekey.Key]digest)
	for line := range bytes.Lines(lines) {
		k, d, ok := parseDigest(line)
		if !ok || len(sums) >= maxDigests {
			return nil
		}
		sums[k] = d
	}
	return sums
}

// parseDigest reads one line.
func parseDigest(line []byte) (k filekey.Key, d digest, ok bool) {
	words := k.Words()
	for i := range words {
		word, rest, found := bytes.Cut(line, []byte(" "))
		n, err := strconv.ParseInt(string(word), 10, 64)
		if !found || err != nil {
			return k, d, false
		}
		words[i], line = n, rest
	}
	d.sum = string(bytes.TrimSuffix(line, []byte("\n")))
	return filekey.FromWords(words), d, isHash(d.sum)
}
