package lockfile

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"runtime"
	"strings"

	"github.com/go-hotplug/hotplug/internal/store"
	"github.com/go-hotplug/hotplug/registry"
)

// Tree is what a plugin consists of, and so what is copied, hashed and run.
func Tree(e registry.Entry) store.Tree {
	if e.Lone {
		return store.Tree{Root: filepath.Join(e.Dir, filepath.FromSlash(e.EntryRel)), SHA256: e.SHA256}
	}
	return store.Tree{Root: e.Dir, Entry: e.EntryRel, SHA256: e.SHA256, Select: func(rel string) bool { return rel == e.EntryRel || e.Manifest.Selects(rel) }}
}

// Collect hashes all plugins of the folders, whether a host would choose them or not, on all platforms whose entries are there. left is what could
// not be locked. An error is about the folders, or that of ctx.
func (l Lock) Collect(ctx context.Context) (f *File, left []Left, err error) {
	reg, err := registry.Scan(ctx, registry.Options{Path: l.Folders})
	if err != nil {
		return nil, nil, err
	}
	f = &File{Lock: Version}
	for _, folder := range reg.Folders {
		if folder.Err != nil { // its plugins would count as removed
			return nil, nil, fmt.Errorf("read plugins folder %s: %w", folder.Path, folder.Err)
		}
	}
	for _, c := range reg.Found {
		if c.Status == registry.Ignored || c.Status == registry.NoManifest {
			continue
		}
		p, err := pluginOf(ctx, c)
		switch {
		case ctx.Err() != nil:
			return nil, nil, fmt.Errorf("lock %s: %w", strings.Join(l.Folders, " "), context.Cause(ctx))
		case err != nil:
			left = append(left, Left{c.Name, p.Version, fmt.Errorf("plugin %q cannot be locked: %w", c.Name, err)})
		default:
			f.Plugins = append(f.Plugins, p)
		}
	}
	return f, left, nil
}

// Left is a plugin that is installed and could not be locked.
type Left struct {
	Name, Version string // Version is empty if its manifest cannot be read
	Err           error  // names it, and says why
}

// pluginOf hashes one plugin. With an error it has the version, if that is known.
func pluginOf(ctx context.Context, c registry.Candidate) (Plugin, error) {
	if c.Manifest == nil {
		return Plugin{}, c.Err
	}
	p := Plugin{Name: c.Name, Version: c.Version.String(), Manifest: c.ManifestSum, Platforms: map[string]Build{}}
	for platform, e := range entries(c.Entry) {
		tree := Tree(e)
		tree.Modeless = strings.HasPrefix(platform, "windows/")
		sum, err := store.Sum(ctx, tree)
		if err != nil {
			return p, err
		}
		p.Platforms[platform] = Build{Entry: sum.Entry, SHA256: sum.EntrySHA256, Files: sum.Hash}
	}
	if len(p.Platforms) == 0 {
		return p, fmt.Errorf("no entry of %s is there: build one, or correct the manifest's entry", c.ManifestPath)
	}
	return p, nil
}

// entries are what a plugin is on each platform whose entry is there.
func entries(e registry.Entry) map[string]registry.Entry {
	out := map[string]registry.Entry{}
	add := func(platform, path, sum string) {
		for _, e.EntryRel = range spellings(platform, path) {
			if _, err := os.Stat(filepath.Join(e.Dir, filepath.FromSlash(e.EntryRel))); err == nil {
				e.SHA256 = sum
				out[platform] = e
				return
			}
		}
	}
	if e.Manifest.Entry.Platforms == nil {
		add(AnyPlatform, e.Manifest.Entry.Path, "")
	}
	for platform, file := range e.Manifest.Entry.Platforms {
		add(platform, file.Path, file.SHA256)
	}
	return out
}

// spellings are the names that an entry may have: on Windows, .exe may be left out in the manifest.
func spellings(platform, path string) []string {
	if platform == AnyPlatform {
		platform = runtime.GOOS + "/"
	}
	if strings.HasPrefix(platform, "windows/") {
		return []string{path, path + ".exe"}
	}
	return []string{path}
}
