package main

import (
	"os"
	"path/filepath"
)

// workspace is the go.work that the go command uses in a folder, which need not be there yet; "" if there is none. The go command finds it
// as https://go.dev/ref/mod#workspaces says: by GOWORK, else in the folder or in one above.
func workspace(dir string) string {
	switch env := os.Getenv("GOWORK"); env {
	case "":
	case "off":
		return ""
	default:
		return env
	}
	abs, err := filepath.Abs(dir)
	if err != nil {
		return ""
	}
	for ; ; abs = filepath.Dir(abs) {
		file := filepath.Join(abs, "go.work")
		if info, err := os.Stat(file); err == nil && !info.IsDir() {
			return file
		}
		if abs == filepath.Dir(abs) {
			return ""
		}
	}
}
