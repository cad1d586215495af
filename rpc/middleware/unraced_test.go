//go:build !race

package middleware_test

// raced says whether the race detector is in.
const raced = false
