package main

import (
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/go-hotplug/hotplug/manifest"
	"github.com/go-hotplug/hotplug/registry"
)

// manifestFor is where the manifest of a program belongs.
func manifestFor(binary, name string, lone bool) (string, error) {
	dir, file := filepath.Dir(binary), filepath.Base(binary)
	beside := filepath.Join(dir, stem(file)+manifest.LoneSuffix)
	if lone {
		return beside, nil
	}
	own, err := ownFolder(dir, file, name)
	if err != nil || !own {
		return beside, err
	}
	return filepath.Join(dir, manifest.FileName), nil
}

// ownFolder reports whether a folder is a plugin's own, rather than a plugins folder with lone programs in it.
func ownFolder(dir, file, name string) (bool, error) {
	abs, err := filepath.Abs(dir)
	if err != nil {
		return false, err
	}
	folder := strings.ToLower(filepath.Base(abs))
	if folder == name || folder == strings.ToLower(stem(file)) {
		return true, nil
	}
	if strings.HasSuffix(folder, "plugins") {
		return false, nil
	}
	items, err := os.ReadDir(abs)
	if err != nil {
		return false, err
	}
	return !slices.ContainsFunc(items, func(item os.DirEntry) bool {
		return item.Name() != manifest.FileName && isInstalled(filepath.Join(abs, item.Name()))
	}), nil
}

// isInstalled reports whether an item of a folder would be a plugin there: it has a manifest, of whatever quality.
func isInstalled(path string) bool {
	c := registry.Inspect(path)
	return c.ManifestPath != "" && c.Status != registry.Ignored
}

// others are the files that belong to the plugin besides its entry.
func (w *draft) others() ([]string, error) {
	out := []string{}
	if w.isLone() {
		return out, nil
	}
	dir := filepath.Dir(w.Manifest)
	err := filepath.WalkDir(dir, func(path string, d os.DirEntry, err error) error {
		if err != nil || d.IsDir() {
			return err
		}
		rel, err := filepath.Rel(dir, path)
		if rel = filepath.ToSlash(rel); rel != w.Entry && rel != manifest.FileName {
			out = append(out, rel)
		}
		return err
	})
	return out, err
}

func (w *draft) isLone() bool { return filepath.Base(w.Manifest) != manifest.FileName }

// belongings says what belongs to the plugin besides its entry.
func (w *draft) belongings() string {
	const most = 3
	shown := strings.Join(w.Files[:min(most, len(w.Files))], ", ")
	switch n := len(w.Files); {
	case w.isLone():
		return "the entry alone, and nothing that lies beside it"
	case n == 0:
		return "the entry, and whatever else comes into the folder"
	case n > most:
		return fmt.Sprintf("the whole folder: the entry, %s and %d more", shown, n-most)
	default:
		return "the whole folder: the entry, " + shown
	}
}
