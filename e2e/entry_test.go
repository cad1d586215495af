//go:build linux

package e2e_test

import (
	"debug/elf"
	"encoding/binary"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/go-hotplug/hotplug/host"
)

// armProgram is the beginning of a program for another machine.
func armProgram() []byte {
	b := make([]byte, 4096)
	copy(b, elf.ELFMAG)
	b[elf.EI_CLASS], b[elf.EI_DATA], b[elf.EI_VERSION] = byte(elf.ELFCLASS64), byte(elf.ELFDATA2LSB), byte(elf.EV_CURRENT)
	binary.LittleEndian.PutUint16(b[16:], uint16(elf.ET_EXEC))
	binary.LittleEndian.PutUint16(b[18:], uint16(elf.EM_AARCH64))
	return b
}

func TestAnEntryThatCannotRunSaysWhyAndTheOthersRun(t *testing.T) {
	tests := map[string]struct {
		make func(path string) error // what lies where the entry should
		says []string
	}{
		"missing":                      {func(string) error { return nil }, []string{"entry run does not exist", "want an executable file at"}},
		"not executable":               {file("#!/bin/sh\n", 0o644), []string{"entry run is not executable", "mode 0644", "chmod +x"}},
		"a folder":                     {func(p string) error { return os.Mkdir(p, 0o755) }, []string{"entry run is a folder", "want an executable file"}},
		"empty":                        {file("", 0o755), []string{"entry run is empty"}},
		"a link to nowhere":            {func(p string) error { return os.Symlink("nowhere", p) }, []string{"entry run is a link that leads nowhere: nowhere"}},
		"a link out of its folder":     {func(p string) error { return os.Symlink("/bin/sh", p) }, []string{"entry run is a link that leaves the folder", "/bin/"}},
		"built for another machine":    {file(string(armProgram()), 0o755), []string{"arm64", "amd64"}},
		"a script without interpreter": {file("#!/no/such/interpreter\nexit 0\n", 0o755), []string{"/no/such/interpreter", "does not exist"}},
		"a script without a first line": {file("echo hello\n", 0o755),
			[]string{"neither a program for linux/amd64 nor a script with a #! line", "a script needs a #! line as its first line"}},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			s := newSite(t)
			dir := s.installManifest("broken", "run", nil)
			if err := test.make(filepath.Join(dir, "run")); err != nil {
				t.Fatal(err)
			}
			h := s.open()
			says(t, failure(t, h, "broken"), test.says...)
			if err := failure(t, h, "broken"); strings.Contains(err.Error(), s.state) {
				t.Errorf("it names the copy rather than the file that was installed: %v", err)
			}
			says(t, h.Plugin("broken").Ready(t.Context()), test.says...)
			s.goesOn(h)
		})
	}
}

func file(content string, mode os.FileMode) func(string) error {
	return func(path string) error { return os.WriteFile(path, []byte(content), mode) }
}

func TestOfTwoVersionsTheHighestRunsAndTheOtherIsShadowed(t *testing.T) {
	s := newSite(t)
	s.install("oddity", "oddity", m{"version": "1.4.0"})
	s.install("oddity", "oddity", m{"version": "1.10.0"})
	h := s.open()
	if v := h.Plugin("oddity").Status().Version; v != "1.10.0" {
		t.Errorf("version %s runs, want 1.10.0", v)
	}
	why := h.Registry().Explain("oddity").String()
	for _, part := range []string{"1.10.0", "chosen", "1.4.0", "shadowed"} {
		says(t, textError(why), part)
	}
	s.goesOn(h)
}

type textError string

func (e textError) Error() string { return string(e) }

func TestAPinChoosesTheOlderVersion(t *testing.T) {
	s := newSite(t)
	s.install("oddity", "oddity", m{"version": "1.4.0"})
	s.install("oddity", "oddity", m{"version": "1.10.0"})
	h := s.open(func(c *host.Config) { c.Plugins = map[string]host.Settings{"oddity": {Pin: "~1.4"}} })
	if v := h.Plugin("oddity").Status().Version; v != "1.4.0" {
		t.Errorf("version %s runs, want 1.4.0", v)
	}
	s.goesOn(h)
}

func TestTwoPluginsOfOneNameAndVersionRunAsOne(t *testing.T) {
	s := newSite(t)
	first := s.install("oddity", "oddity", nil)
	second := filepath.Join(s.plugins, "another-folder")
	if err := os.CopyFS(second, os.DirFS(first)); err != nil {
		t.Fatal(err)
	}
	if err := os.Chmod(filepath.Join(second, "oddity"), 0o755); err != nil {
		t.Fatal(err)
	}
	h := s.open()
	says(t, textError(h.Registry().Explain("oddity").String()), "chosen", "shadowed", first, second)
	if n := len(h.Plugins()); n != 2 {
		t.Errorf("%d plugins, want oddity and counter", n)
	}
	s.goesOn(h)
}

func TestADisabledPluginDoesNotRunAndSaysSo(t *testing.T) {
	s := newSite(t)
	s.oddity("", nil)
	h := s.open(func(c *host.Config) { c.Plugins = map[string]host.Settings{"oddity": {Disabled: true}} })
	if st := h.Plugin("oddity").Status(); st.State != host.Disabled || st.Active {
		t.Errorf("status %+v", st)
	}
	says(t, h.Plugin("oddity").Ready(t.Context()), `"oddity"`, "disabled")
	s.goesOn(h)
}

func TestAManifestThatIsWrongSaysWhereAndTheOthersRun(t *testing.T) {
	s := newSite(t)
	s.install("wrong", "oddity", m{"entyr": "oddity"})
	s.install("needy", "oddity", m{"host": ">=2"})
	h := s.open()
	says(t, failure(t, h, "wrong"), "entyr", "entry", "plugin.json")
	says(t, failure(t, h, "needy"), ">=2", "1.0.0")
	s.goesOn(h)
}

func TestANameThatIsNotInstalledAnswersWithTheNearest(t *testing.T) {
	s := newSite(t)
	h := s.open()
	_, err := counterGet.Call(t.Context(), h.Plugin("conter"), struct{}{})
	says(t, err, `plugin "conter" is not installed`, s.plugins, `did you mean "counter"?`)
	s.goesOn(h)
}
