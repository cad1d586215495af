package manifest_test

import (
	"encoding/json"
	"testing"

	"github.com/go-hotplug/hotplug/manifest"
)

func TestSchemaFileIsWhatTheTypesGenerate(t *testing.T) {
	golden(t, "plugin.schema.json", string(manifest.Schema()))
}

func TestSchemaDescribesEveryKey(t *testing.T) {
	var s map[string]any
	if err := json.Unmarshal(manifest.Schema(), &s); err != nil {
		t.Fatal(err)
	}
	if n := described(t, "", s); n < 55 {
		t.Errorf("the schema has %d keys, want all of the manifest's", n)
	}
}

// described counts the keys of a schema and reports those without a description.
func described(t *testing.T, path string, s map[string]any) int {
	t.Helper()
	n := 0
	properties, _ := s["properties"].(map[string]any)
	for key, p := range properties {
		below := p.(map[string]any)
		if text, _ := below["description"].(string); text == "" && below["$ref"] == nil {
			t.Errorf("%s%s has no description", path, key)
		}
		n += 1 + described(t, path+key+".", below)
	}
	return n
}
