package rpc

import "context"

type waitKey struct{}

// Wait returns a context whose messages wait, up to its deadline, for a peer that was disconnected on purpose, instead of failing at once with
// Unavailable. Like any other message they wait in every other state in which the peer is about to come.
func Wait(ctx context.Context) context.Context { return context.WithValue(ctx, waitKey{}, true) }

// Waits reports whether ctx, or one that it was made from, is of Wait: for those who make a Peer.
func Waits(ctx context.Context) bool { return ctx.Value(waitKey{}) != nil }
