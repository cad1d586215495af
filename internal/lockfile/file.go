package lockfile

import (
	"bytes"
	"cmp"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"
)

const (
	// Name is the file's name in a plugins folder.
	Name = "plugins.lock"
	// Version is the only version of its form.
	Version = 1
	// AnyPlatform is the platform of a plugin that has one entry for all.
	AnyPlatform = "any"
)

// A File is what a lock file says. Its order means nothing: Text sorts.
type File struct {
	Lock    int      `json:"lock"` // Version
	Plugins []Plugin `json:"plugins"`
}

// A Plugin is one accepted version of a plugin. There may be several of a name, also of one version.
type Plugin struct {
	Name      string           `json:"name"`
	Version   string           `json:"version"`
	Manifest  string           `json:"manifest"`  // SHA-256 of plugin.json, in lower-case hex as all hashes
	Platforms map[string]Build `json:"platforms"` // by GOOS/GOARCH, or AnyPlatform
}

// A Build is what a plugin consists of on one platform.
type Build struct {
	Entry  string `json:"entry"`  // path of what is executed, in the plugin's folder, with slashes
	SHA256 string `json:"sha256"` // of its content
	Files  string `json:"files"`  // hash of the whole tree, as internal/store documents it
}

// Text is the file's bytes: the same for the same plugins, in whatever order.
func (f *File) Text() []byte {
	sorted := slices.SortedFunc(slices.Values(f.Plugins), comparePlugins)
	sorted = slices.CompactFunc(sorted, func(a, b Plugin) bool { return comparePlugins(a, b) == 0 })
	if sorted == nil {
		sorted = []Plugin{}
	}
	var out bytes.Buffer
	e := json.NewEncoder(&out)
	e.SetEscapeHTML(false)
	e.SetIndent("", "  ")
	_ = e.Encode(File{Version, sorted}) // strings and maps of strings: nothing can fail
	return out.Bytes()
}

// comparePlugins is 0 for two that say the same.
func comparePlugins(a, b Plugin) int {
	if c := cmp.Or(cmp.Compare(a.Name, b.Name), cmp.Compare(a.Version, b.Version), cmp.Compare(a.Manifest, b.Manifest)); c != 0 {
		return c
	}
	return slices.Compare(words(a.Platforms), words(b.Platforms))
}

func words(platforms map[string]Build) (out []string) {
	for _, p := range slices.Sorted(maps.Keys(platforms)) {
		b := platforms[p]
		out = append(out, p, b.Entry, b.SHA256, b.Files)
	}
	return out
}

// parse reads a file's bytes. Its errors do not name the file.
func parse(text []byte) (*File, error) {
	var head struct{ Lock *int }
	if err := json.Unmarshal(text, &head); err != nil {
		return nil, fmt.Errorf("it is torn, or no lock file: %w", err)
	}
	switch {
	case head.Lock == nil:
		return nil, errors.New(`it is no lock file: found no key "lock"`)
	case *head.Lock != Version:
		return nil, fmt.Errorf("it has the version %d, this program knows %d: use one that knows it", *head.Lock, Version)
	}
	if err := checkKeys(text); err != nil {
		return nil, err
	}
	d := json.NewDecoder(bytes.NewReader(text))
	d.DisallowUnknownFields()
	f := &File{}
	if err := d.Decode(f); err != nil {
		return nil, fmt.Errorf("it is no lock file of version %d: %w", Version, err)
	}
	return f, f.check()
}

// check refuses what Text would never write.
func (f *File) check() error {
	if f.Plugins == nil {
		return errors.New(`it is torn: found no key "plugins"`)
	}
	for i, p := range f.Plugins {
		what := fmt.Sprintf("plugins[%d]", i)
		if p.Name == "" || p.Version == "" || len(p.Platforms) == 0 {
			return fmt.Errorf("%s: want name, version, manifest and platforms", what)
		}
		if err := checkHash(what+".manifest", p.Manifest); err != nil {
			return err
		}
		for _, platform := range slices.Sorted(maps.Keys(p.Platforms)) {
			b := p.Platforms[platform]
			if err := errors.Join(checkHash(what+"."+platform+".sha256", b.SHA256), checkHash(what+"."+platform+".files", b.Files)); err != nil {
				return err
			}
		}
	}
	return nil
}

func checkHash(key, text string) error {
	if b, err := hex.DecodeString(text); err != nil || len(b) != 32 || text != strings.ToLower(text) {
		return fmt.Errorf("%s: found %q, want 64 lower-case hexadecimal digits", key, text)
	}
	return nil
}
