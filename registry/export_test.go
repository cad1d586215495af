package registry

// BuiltFor and RunsOn are looked at by tests with the bytes of platforms that this is not.
var (
	BuiltFor = builtFor
	RunsOn   = runsOn
)
