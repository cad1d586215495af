// Package oddityapi is the contract of the plugin in e2e/internal/oddity: what tests ask of a plugin, besides what the crasher does.
//
//	open, err := oddityapi.Descriptors.Call(ctx, peer, struct{}{})
package oddityapi
