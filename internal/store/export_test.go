package store

import "time"

// Explain is explain: a full disk cannot be had on demand.
var Explain = explain

// SetNow replaces the clock.
func (s *Store) SetNow(now func() time.Time) { s.now = now }

// SetCopied sets what is called after each file's bytes were copied.
func (s *Store) SetCopied(copied func(rel string)) { s.copied = copied }

// SetLimits replaces MaxFiles and MaxBytes.
func (s *Store) SetLimits(files int, bytes int64) { s.limits = limits{files, bytes} }
