package asroot

import (
	"os"
	"testing"
)

// Need skips a test that is not run as root, and says why it needs that. With the build tag asroot, which stands for a machine where all of
// them are to run, such as one that nobody else uses, it fails the test instead.
func Need(t testing.TB, why string) {
	t.Helper()
	switch {
	case os.Geteuid() == 0:
	case all:
		t.Fatalf("%s: the build tag asroot says that this is root, and it is user %d: run it as root, or without the tag", why, os.Geteuid())
	default:
		t.Skipf("%s: run it as root", why)
	}
}
