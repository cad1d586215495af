// Package sampleplugins holds small, real plugins to copy from; each is a folder with a plugin.json, a program, and the
// package of its contract, which hosts import:
//
//	total, err := counterapi.Add.Call(ctx, h.Plugin("counter"), counterapi.Delta{By: 3})
//
// The package itself is empty: its tests check the manifests.
package sampleplugins
