//go:build linux

package e2e_test

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/go-hotplug/hotplug/e2e/internal/oddityapi"
	"github.com/go-hotplug/hotplug/host"
)

func TestAnEnvironmentVariableReachesAPluginOnlyIfItIsAllowed(t *testing.T) {
	t.Setenv("E2E_SECRET", "hunter2")
	t.Setenv("E2E_BY_HOST", "one")
	t.Setenv("E2E_BY_MANIFEST", "two")
	t.Setenv("CRASHER_CODE", "5")
	s := newSite(t)
	s.crasher("", m{"args": []string{"-a", "b c"}, "env": m{"set": m{"E2E_SET": "three"}, "allow": []string{"E2E_BY_MANIFEST"}}})
	h := s.open(func(c *host.Config) { c.Env = []string{"E2E_BY_HOST"} })
	got, err := crasherDescribe.Call(t.Context(), h.Plugin("crasher"), struct{}{})
	if err != nil {
		t.Fatal(err)
	}
	env := "\n" + strings.Join(got.Env, "\n") + "\n"
	for _, want := range []string{"\nE2E_BY_HOST=one\n", "\nE2E_BY_MANIFEST=two\n", "\nE2E_SET=three\n", "\nPATH=" + os.Getenv("PATH") + "\n"} {
		if !strings.Contains(env, want) {
			t.Errorf("the plugin's environment lacks %q", want)
		}
	}
	for _, secret := range []string{"hunter2", "CRASHER_CODE", "HOTPLUG_STARTUP"} {
		if strings.Contains(env, secret) {
			t.Errorf("the plugin's environment has %q", secret)
		}
	}
	if strings.Join(got.Args, "|") != "-a|b c" || !strings.HasPrefix(got.Dir, s.state) || !strings.HasPrefix(got.Path, s.state) {
		t.Errorf("args %q, folder %s, program %s; want both in %s", got.Args, got.Dir, got.Path, s.state)
	}
	s.goesOn(h)
}

// foreign lists the descriptors of a plugin that are neither 0 to 4 nor what plugin.Serve and Go's runtime open: the copy of the
// listener and the connection, epoll and its wake-up, the CPU limits of the control group.
func foreign(items []string) []string {
	var found []string
	sockets := 0
	for _, item := range items {
		number, target, _ := strings.Cut(item, " ")
		switch {
		case len(number) == 1 && number <= "4", strings.HasPrefix(target, "anon_inode:"), strings.HasPrefix(target, "/proc/"), strings.HasPrefix(target, "/sys/fs/cgroup/"):
		case strings.HasPrefix(target, "socket:") && sockets < 2:
			sockets++
		default:
			found = append(found, item)
		}
	}
	return found
}

func TestAPluginHasNoDescriptorsButItsOwn(t *testing.T) {
	s := newSite(t)
	secret, err := os.Create(filepath.Join(t.TempDir(), "secret"))
	if err != nil {
		t.Fatal(err)
	}
	defer secret.Close()
	s.oddity("", nil)
	h := s.open()
	got, err := oddityapi.Descriptors.Call(t.Context(), h.Plugin("oddity"), struct{}{})
	if err != nil {
		t.Fatal(err)
	}
	if len(got.Items) < 5 {
		t.Errorf("the plugin has only %q", got.Items)
	}
	if f := foreign(got.Items); len(f) > 0 {
		t.Errorf("the plugin has %q", f)
	}
	s.goesOn(h)
}

func TestAPluginHasNoDescriptorThatItsHostInherited(t *testing.T) {
	s := newSite(t)
	secret, err := os.Create(filepath.Join(t.TempDir(), "secret"))
	if err != nil {
		t.Fatal(err)
	}
	defer secret.Close()
	s.company()
	st := s.perform(play{Inherits: secret})
	dir := fmt.Sprintf("/proc/%d/fd", st.cmd.Process.Pid)
	if target, _ := os.Readlink(filepath.Join(dir, "3")); target != secret.Name() {
		t.Fatalf("the host has %s as descriptor 3, want %s", target, secret.Name())
	}
	for name, pid := range st.cast.Plugins {
		dir := fmt.Sprintf("/proc/%d/fd", pid)
		for number, target := range linksIn(dir) {
			if target == secret.Name() {
				t.Errorf("%s has it as descriptor %s", name, number)
			}
		}
		if len(linksIn(dir)) < 5 {
			t.Errorf("%s has only %v", name, linksIn(dir))
		}
	}
	st.goes(st.kill)
}
