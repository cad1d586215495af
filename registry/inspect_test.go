package registry_test

import (
	"fmt"
	"strings"
	"testing"

	"github.com/go-hotplug/hotplug/registry"
)

func TestInspectLooksAtOnePluginAlone(t *testing.T) {
	s := newShelf(t, 1)
	s.write("one/good/"+entryName(), entryBody, 0o755)
	s.write("one/good/plugin.json", text("good", "1.0.0", entryName(), `"requires": {"absent": "^1.0"}`), 0o644)
	s.write("one/torn/plugin.json", text("torn", "1.0.0", "nothing"), 0o644)
	s.write("one/empty/notes.txt", "", 0o644)
	for path, want := range map[string]registry.Status{
		"one/good": registry.Chosen, "one/torn": registry.Broken, "one/empty": registry.Ignored, "one/empty/notes.txt": registry.Ignored, "one/absent": registry.Broken,
	} {
		if c := registry.Inspect(s.path(path)); c.Status != want || (want != registry.Chosen) != (c.Reason != "") {
			t.Errorf("%s: %s, want %s", path, c, want)
		}
	}
	if c := registry.Inspect(s.path("one/good")); c.Name != "good" || c.EntryPath == "" {
		t.Errorf("got %+v", c)
	}
}

func TestInspectProgramSaysWhyAFileCannotRunBeforeItIsRun(t *testing.T) {
	s := newShelf(t, 1)
	s.write("one/"+entryName(), entryBody, 0o755)
	s.write("one/sub/empty.exe", "", 0o755)
	for path, want := range map[string]string{
		"one/" + entryName(): "", "one/sub": "entry sub is a folder", "one/sub/empty.exe": "entry empty.exe is empty", "one/absent": "entry absent does not exist",
	} {
		_, err := registry.InspectProgram(s.path(path))
		if got := fmt.Sprint(err); (want == "") != (err == nil) || !strings.HasPrefix(got, want) && want != "" {
			t.Errorf("%s: got %v, want %q", path, err, want)
		}
	}
}
