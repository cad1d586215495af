package manifest

import (
	"bytes"
	"encoding/json"
)

// Template is a minimal manifest, as a tool writes it for a new plugin. The caller may Parse it to see whether name,
// version and entry are allowed.
func Template(name, version, entry string) []byte {
	minimal := struct {
		Manifest int    `json:"manifest"`
		Name     string `json:"name"`
		Version  string `json:"version"`
		Entry    string `json:"entry"`
	}{Format, name, version, entry}
	var out bytes.Buffer
	enc := json.NewEncoder(&out)
	enc.SetEscapeHTML(false)
	enc.SetIndent("", "  ")
	_ = enc.Encode(minimal) // strings and an int into memory: nothing to fail
	return out.Bytes()
}
