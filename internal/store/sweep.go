package store

import (
	"encoding/hex"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"
)

const (
	// inHand is how long after its last Put a copy is never swept: its Put may have returned to a caller
	// that has not yet made keep know of it.
	inHand = time.Minute
	// abandoned is how old the remains of an interrupted Put are before they are removed.
	abandoned = time.Hour
)

// used is a copy and the time of its last Put.
type used struct {
	hash string
	at   time.Time
}

// Sweep removes copies that keep does not claim: those whose last Put is longer ago than maxAge, and of the
// rest all but the maxCount with the latest Put. A negative limit is none. What was Put within the last
// minute stays. It also removes what interrupted Puts left. It gives the hashes that it removed; after an
// error it goes on, and the errors come joined.
//
// keep is called with nothing held. It knows only its own process's copies: no two processes that share a
// folder may sweep it unless each keeps what the other runs.
func (s *Store) Sweep(keep func(hash string) bool, maxAge time.Duration, maxCount int) (removed []string, err error) {
	entries, err := os.ReadDir(s.dir)
	if err != nil {
		return nil, fmt.Errorf("sweep store %s: %w", s.dir, err)
	}
	var unclaimed []used
	var errs []error
	for _, e := range entries {
		switch name := e.Name(); {
		case isHash(name) && !keep(name):
			if fi, err := e.Info(); err == nil {
				unclaimed = append(unclaimed, used{name, fi.ModTime()})
			}
		case strings.HasPrefix(name, newPrefix), strings.HasPrefix(name, oldPrefix):
			errs = append(errs, s.sweepRemains(e))
		}
	}
	for _, hash := range s.surplus(unclaimed, maxAge, maxCount) {
		gone, err := s.sweepOne(hash)
		if gone {
			removed = append(removed, hash)
		}
		errs = append(errs, err)
	}
	if err := errors.Join(errs...); err != nil {
		return removed, fmt.Errorf("sweep store %s: %w", s.dir, err)
	}
	return removed, nil
}

// surplus picks what goes, the longest unused first.
func (s *Store) surplus(unclaimed []used, maxAge time.Duration, maxCount int) (hashes []string) {
	slices.SortFunc(unclaimed, func(a, b used) int { return b.at.Compare(a.at) })
	for i, u := range unclaimed {
		tooOld := maxAge >= 0 && s.now().Sub(u.at) > maxAge
		tooMany := maxCount >= 0 && i >= maxCount
		if tooOld || tooMany {
			hashes = append(hashes, u.hash)
		}
	}
	slices.Reverse(hashes)
	return hashes
}

// sweepOne removes a copy unless it was Put meanwhile.
func (s *Store) sweepOne(hash string) (gone bool, err error) {
	s.place.Lock()
	defer s.place.Unlock()
	dir := filepath.Join(s.dir, hash)
	fi, err := os.Lstat(dir)
	if err != nil || s.now().Sub(fi.ModTime()) < inHand {
		return false, nil
	}
	if err := s.discard(dir); err != nil {
		return false, err
	}
	return true, nil
}

func (s *Store) sweepRemains(e os.DirEntry) error {
	fi, err := e.Info()
	if err != nil || s.now().Sub(fi.ModTime()) < abandoned {
		return nil
	}
	return os.RemoveAll(filepath.Join(s.dir, e.Name()))
}

func isHash(name string) bool {
	b, err := hex.DecodeString(name)
	return err == nil && len(b) == 32 && name == strings.ToLower(name)
}
