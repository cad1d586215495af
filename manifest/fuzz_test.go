package manifest_test

import (
	"encoding/json"
	"errors"
	"testing"

	"github.com/go-hotplug/hotplug/manifest"
)

func FuzzParse(f *testing.F) {
	f.Add([]byte(everything))
	for _, line := range badLines {
		f.Add([]byte(with(line)))
	}
	for _, file := range badFiles {
		f.Add([]byte(file))
	}
	f.Fuzz(func(t *testing.T, data []byte) {
		m, _, err := manifest.Parse(data, "plugin.json")
		if err != nil {
			var e *manifest.Error
			if !errors.As(err, &e) || len(e.Problems) == 0 || m != nil {
				t.Fatalf("error %T without a problem, or beside a manifest: %v", err, err)
			}
			return
		}
		if !json.Valid(data) {
			t.Fatalf("accepted what is not JSON: %q", data)
		}
		written, err := json.Marshal(m)
		if err != nil {
			t.Fatalf("accepted what cannot be written: %v", err)
		}
		if _, _, err := manifest.Parse(written, "again.json"); err != nil {
			t.Fatalf("accepted %q, but not what it is written as: %v", data, err)
		}
		m.Selects("a/b/c")
		_, _ = m.EntryFor("linux", "amd64")
	})
}
