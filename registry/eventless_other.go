//go:build !linux

package registry

// eventless is the kind of a folder's file system if its events do not tell of every change; here nobody knows.
func eventless(string) string { return "" }
