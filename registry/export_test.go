package registry

import "context"

// BuiltFor and RunsOn are looked at by tests with the bytes of platforms that this is not.
var (
	BuiltFor = builtFor
	RunsOn   = runsOn
)

// A Source stands in for the system's events, so that time can be fake.
type (
	Source = source
	Spots  = spots
)

// WatchBy is Watch with another source of hints; blind says that nobody knows whether a file is being written.
func WatchBy(ctx context.Context, o Options, w WatchOptions, changed func(*Registry), open func(Logger) (Source, error), blind bool) error {
	m := means{open: open, writing: writing}
	if blind {
		m.writing = func(*Candidate) (writers, string) { return nobodyKnows, "" }
	}
	return watchBy(ctx, o, w, changed, m)
}

// NewNotifier is the source that the system has.
var NewNotifier = newNotifier

// Counts reports whether something that happened at a path is worth a look.
func Counts(s Spots, path string) bool { return s.counts(path) }
