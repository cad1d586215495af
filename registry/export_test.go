package registry

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

// WatchFrom is Watch with another source of hints.
var WatchFrom = watchFrom
