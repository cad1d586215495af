//go:build linux

package e2e_test

import "testing"

func TestErrorsOfReloading(t *testing.T) {
	c := openChapter(t, "Reloading")
	c.asWritten(elsewhere, "it does not answer all", "it is not idle for a moment: calls", "it is not idle for a moment: a call", "its Restore hook", "its Snapshot hook",
		"N notices have not", "MESSAGE: CAUSE: open it again", "MESSAGE: it was replaced, and N", "MESSAGE: it was replaced, and the", "it missed N", "no answer within TIME (health", "its Health hook")
}
