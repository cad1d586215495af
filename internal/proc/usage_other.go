//go:build !linux

package proc

// usageOf tells nothing: it takes calls that differ from system to system.
func usageOf(int) (Usage, bool) { return Usage{}, false }
