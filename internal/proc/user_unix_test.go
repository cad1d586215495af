//go:build unix

package proc_test

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/go-hotplug/hotplug/internal/asroot"
	"github.com/go-hotplug/hotplug/internal/proc"
)

var nobody = &proc.User{Name: "somebody", UID: 65534, GID: 65534, Groups: []uint32{65533}}

// forAll copies this program to where every user may execute it.
func forAll(t *testing.T) string {
	t.Helper()
	asroot.Need(t, "only root starts processes of other users")
	dir, err := os.MkdirTemp("", "proc-all-")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { os.RemoveAll(dir) })
	text, err := os.ReadFile(os.Args[0])
	path := filepath.Join(dir, "program")
	if err == nil {
		err = os.WriteFile(path, text, 0o755)
	}
	if err == nil {
		err = os.Chmod(dir, 0o755)
	}
	if err != nil {
		t.Fatal(err)
	}
	return path
}

func TestAProcessRunsAsItsUserWithThatUsersGroupsAlone(t *testing.T) {
	spec := role("who")
	spec.Path, spec.User = forAll(t), nobody
	if got, want := readAll(t, start(t, spec).Stdout()), "65534 65534 65534 65534 [65533] <nil>"; got != want {
		t.Errorf("it is %s, want %s", got, want)
	}
}

func TestOnlyRootStartsAProcessOfAnotherUser(t *testing.T) {
	spec := role("become-root")
	spec.Path, spec.User = forAll(t), nobody
	want := "start /bin/true: as user root: this host runs as user 65534, and only root may start processes of other users: run the host as root, or name no user"
	if got := readAll(t, start(t, spec).Stdout()); got != want {
		t.Errorf("it says %s\nwant    %s", got, want)
	}
}

func TestAFolderThatTheUserMayNotEnterIsNamed(t *testing.T) {
	spec := role("who")
	spec.Path, spec.User = forAll(t), nobody
	dir := filepath.Dir(spec.Path)
	for mode, at := range map[os.FileMode]string{0o700: dir, 0o755: spec.Path} {
		if err := os.Chmod(dir, mode); err != nil {
			t.Fatal(err)
		}
		if err := os.Chmod(spec.Path, 0o700); err != nil {
			t.Fatal(err)
		}
		_, err := proc.OS.Start(spec)
		if err == nil || !strings.Contains(err.Error(), "permission denied: user somebody may not enter or execute "+at+": ") {
			t.Errorf("%v\nwant one that names %s", err, at)
		}
	}
}
