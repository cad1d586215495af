package proc_test

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"golang.org/x/sys/unix"

	"github.com/go-hotplug/hotplug/internal/proc"
)

// write makes files below a folder, and the folders that they need.
func write(t *testing.T, dir string, files map[string]string) {
	t.Helper()
	for name, text := range files {
		path := filepath.Join(dir, name)
		if err := os.MkdirAll(filepath.Dir(path), 0o700); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
}

func delegate(t *testing.T, dir string) {
	t.Helper()
	if err := unix.Setxattr(dir, "user.delegate", []byte("1"), 0); err != nil {
		t.Skipf("no extended attributes here: %v", err)
	}
}

func TestTheOwnControlGroupIsFoundWhereverItIsMounted(t *testing.T) {
	const v1 = "4:memory:/elsewhere\n"
	for name, c := range map[string]struct{ cgroup, mounts, want string }{
		"plain":         {"0::/app.service\n", "30 23 0:26 / /sys/fs/cgroup rw,nosuid - cgroup2 cgroup2 rw\n", "/sys/fs/cgroup/app.service"},
		"hybrid":        {v1 + "0::/app\n", "29 23 0:25 / /sys/fs/cgroup/memory rw - cgroup cgroup rw,memory\n30 23 0:26 / /sys/fs/cgroup/unified rw - cgroup2 cgroup2 rw\n", "/sys/fs/cgroup/unified/app"},
		"a part of it":  {"0::/a/b\n", "30 23 0:26 /a /cg rw - cgroup2 cgroup2 rw\n", "/cg/b"},
		"another part":  {"0::/a/b\n", "30 23 0:26 /c /cg rw - cgroup2 cgroup2 rw\n", "control group /a/b is not mounted"},
		"not mounted":   {"0::/a\n", "29 23 0:25 / /proc rw - proc proc rw\n", "control group /a is not mounted"},
		"version 1":     {v1, "", "this system has no control groups of version 2"},
		"of that place": {"0::/\n", "30 23 0:26 / /sys/fs/cgroup rw shared:9 - cgroup2 cgroup2 rw\n", "/sys/fs/cgroup"},
	} {
		t.Run(name, func(t *testing.T) {
			dir := t.TempDir()
			write(t, dir, map[string]string{"cgroup": c.cgroup, "mountinfo": c.mounts})
			got, err := proc.OwnGroup(filepath.Join(dir, "cgroup"), filepath.Join(dir, "mountinfo"))
			if err != nil {
				got = err.Error()
			}
			if got != c.want {
				t.Errorf("found %s, want %s", got, c.want)
			}
		})
	}
}

func TestOnlyADelegatedControlGroupIsDivided(t *testing.T) {
	dir := t.TempDir()
	own := filepath.Join(dir, "app", "host")
	write(t, dir, map[string]string{"app/cgroup.subtree_control": "memory pids", "app/host/cgroup.subtree_control": "memory"})
	if got, err := proc.Divisible(own); err == nil || strings.Count(err.Error(), "it is not delegated to this host") != 2 {
		t.Errorf("found %s, %v", got, err)
	}
	delegate(t, filepath.Join(dir, "app"))
	if got, err := proc.Divisible(own); got != filepath.Join(dir, "app") || err != nil {
		t.Errorf("found %s, %v; want the group above", got, err)
	}
	delegate(t, own)
	if got, err := proc.Divisible(own); got != own || err != nil {
		t.Errorf("found %s, %v; want the group itself", got, err)
	}
}

func TestMemoryIsHandedOnBelowADelegatedControlGroup(t *testing.T) {
	dir := t.TempDir()
	write(t, dir, map[string]string{"cgroup.subtree_control": ""})
	delegate(t, dir)
	if got, err := proc.Divisible(dir); got != dir || err != nil {
		t.Errorf("found %s, %v", got, err)
	}
	if text, err := os.ReadFile(filepath.Join(dir, "cgroup.subtree_control")); string(text) != "+memory" {
		t.Errorf("it was told %q, %v", text, err)
	}
}

func TestAGroupWithoutAMemoryLimitIsNotLeftBehind(t *testing.T) {
	parent := t.TempDir() // what is made in it is no control group, and has no memory.max
	if dir, err := proc.NewGroup(parent, 1<<20); err == nil {
		t.Errorf("%s has a limit", dir)
	}
	if left, _ := os.ReadDir(parent); len(left) > 0 {
		t.Errorf("left behind: %v", left)
	}
}

func TestTheKernelsCountSaysWhetherAGroupWasOverItsMemory(t *testing.T) {
	for events, want := range map[string]bool{
		"low 0\nhigh 0\nmax 9\noom 1\noom_kill 0\noom_group_kill 0\n": false,
		"low 0\nhigh 0\nmax 9\noom 1\noom_kill 2\noom_group_kill 1\n": true,
		"low 0\nhigh 0\nmax 0\noom 0\noom_kill 1\noom_group_kill 1\n": false, // the machine's memory
		"": false,
	} {
		dir := t.TempDir()
		write(t, dir, map[string]string{"memory.events": events})
		if got := proc.Overrun(dir); got != want {
			t.Errorf("%q: %v, want %v", events, got, want)
		}
	}
	if proc.Overrun("") {
		t.Error("no group was over its memory")
	}
}

func TestGroupsOfHostsThatWereKilledAreRemovedOnceTheyAreEmpty(t *testing.T) {
	parent := t.TempDir()
	write(t, parent, map[string]string{"hotplug-used/cgroup.procs": "17"})
	for _, name := range []string{"hotplug-old", "hotplug-young", "other"} {
		write(t, parent, map[string]string{name + "/x": ""})
		if err := os.Remove(filepath.Join(parent, name, "x")); err != nil {
			t.Fatal(err)
		}
	}
	old := time.Now().Add(-time.Hour)
	for _, name := range []string{"hotplug-used", "hotplug-old", "other"} {
		if err := os.Chtimes(filepath.Join(parent, name), old, old); err != nil {
			t.Fatal(err)
		}
	}
	proc.SweepGroups(parent)
	var left []string
	entries, _ := os.ReadDir(parent)
	for _, e := range entries {
		left = append(left, e.Name())
	}
	if got, want := strings.Join(left, " "), "hotplug-used hotplug-young other"; got != want {
		t.Errorf("left: %s, want %s", got, want)
	}
}
