package fakeplugin

import (
	"encoding/json"
	"maps"
	"os"
	"path/filepath"
)

// Install puts a plugin into a plugins folder: a plugin.json with these members besides the required ones, and a file that stands for a
// program.
func Install(dir, name string, more map[string]any) error {
	members := map[string]any{"manifest": 1, "name": name, "version": "1.0.0", "entry": "run"}
	maps.Copy(members, more)
	text, err := json.Marshal(members)
	if err != nil {
		return err
	}
	folder := filepath.Join(dir, name)
	if err := os.MkdirAll(folder, 0o755); err != nil {
		return err
	}
	if err := os.WriteFile(filepath.Join(folder, "plugin.json"), text, 0o644); err != nil {
		return err
	}
	return os.WriteFile(filepath.Join(folder, "run"), []byte("#!/bin/sh\nexit 0 # "+name+"\n"), 0o755)
}
