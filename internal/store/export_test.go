package store

import (
	"os"
	"time"

	"github.com/go-hotplug/hotplug/internal/filekey"
)

// Explain is explain: a full disk cannot be had on demand.
var Explain = explain

// SetNow replaces the clock.
func (s *Store) SetNow(now func() time.Time) { s.now = now }

// SetCopied sets what is called after each file's bytes were copied.
func (s *Store) SetCopied(copied func(rel string)) { s.copied = copied }

// SetLimits replaces MaxFiles and MaxBytes.
func (s *Store) SetLimits(files int, bytes int64) { s.limits = limits{files, bytes} }

// Misremember puts a wrong digest of the file at path into the cache.
func (s *Store) Misremember(path string) error {
	fi, err := os.Lstat(path)
	if err == nil {
		s.digests.put(filekey.Of(fi), "wrong")
	}
	return err
}

// DigestsName is the file of saved digests.
const DigestsName = digestsName

// Known is how many digests the store knows.
func (s *Store) Known() int { return len(s.digests.sums) }

// ParseDigests is how many digests a file has.
func ParseDigests(text []byte) int { return len(parseDigests(text)) }

// SealDigests is a file of digests with these lines.
func SealDigests(lines []byte) []byte {
	text := append([]byte(digestsForm+"\n"), lines...)
	return append(text, sumOf(text)...)
}
