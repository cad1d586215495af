//go:build !race

package rpc_test

// raced says whether the race detector is in.
const raced = false
