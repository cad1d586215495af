//go:build !asroot

package asroot

const all = false
