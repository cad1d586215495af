//go:build asroot

package asroot

const all = true
