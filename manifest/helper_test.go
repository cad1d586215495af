package manifest_test

import (
	"flag"
	"strings"
	"testing"

	"github.com/go-hotplug/hotplug/manifest"
)

var update = flag.Bool("update", false, "write the golden files instead of comparing with them")

// with is a valid manifest with more lines; the first of them is line 6.
func with(lines ...string) string {
	head := "{\n\"manifest\": 1,\n\"name\": \"markdown\",\n\"version\": \"1.4.0\",\n\"entry\": \"markdown\""
	for _, l := range lines {
		head += ",\n" + l
	}
	return head + "\n}\n"
}

func mustParse(t *testing.T, text string) (*manifest.Manifest, manifest.Warnings) {
	t.Helper()
	m, w, err := manifest.Parse([]byte(text), "plugin.json")
	if err != nil {
		t.Fatalf("Parse: %v\n%s", err, text)
	}
	return m, w
}

// refused is the text of the error that a manifest gets.
func refused(t *testing.T, text string) string {
	t.Helper()
	m, w, err := manifest.Parse([]byte(text), "plugin.json")
	if err == nil {
		t.Fatalf("Parse accepted\n%s", clipped(text))
	}
	if m != nil || w != nil {
		t.Errorf("Parse returned a manifest beside the error %v", err)
	}
	return err.Error()
}

func clipped(text string) string {
	if len(text) > 500 {
		return text[:500] + "..."
	}
	return text
}

func contains(t *testing.T, text string, wants ...string) {
	t.Helper()
	for _, w := range wants {
		if !strings.Contains(text, w) {
			t.Errorf("text lacks %q:\n%s", w, clipped(text))
		}
	}
}
