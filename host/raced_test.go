//go:build race

package host_test

// raced says whether the race detector is in.
const raced = true
