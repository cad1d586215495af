package manifest

import (
	"encoding/json"
	"fmt"
	"maps"
	"path"
	"reflect"
	"slices"
	"strings"
)

// Entry is what runs: one file for every platform, or one per platform.
type Entry struct {
	// Path is the one file, relative to the folder and with slashes; empty if there is one per platform.
	Path string
	// Platforms has the file for each platform, by GOOS/GOARCH; nil if there is one for all.
	Platforms map[string]EntryFile
}

// EntryFile is the file that runs on one platform.
type EntryFile struct {
	Path string `json:"path" rule:"path" doc:"Path inside the plugin's folder."`
	// SHA256 is the digest that the file must have, 64 lower-case hex digits; empty if it may have any.
	SHA256 string `json:"sha256,omitempty" rule:"sha256" doc:"SHA-256 of the file, in hexadecimal."`
}

const wantEntry = `a path inside the plugin's folder, or an object such as {"linux/amd64": {"path": "bin/x", "sha256": "..."}}`

// EntryFor is the file that runs on a platform. The error names the platforms that the plugin was built for.
func (m *Manifest) EntryFor(goos, goarch string) (EntryFile, error) {
	if m.Entry.Platforms == nil {
		return EntryFile{Path: m.Entry.Path}, nil
	}
	f, ok := m.Entry.Platforms[goos+"/"+goarch]
	if !ok {
		have := slices.Sorted(maps.Keys(m.Entry.Platforms))
		return EntryFile{}, fmt.Errorf("plugin %q %s has no entry for %s/%s, only for %s: install a build for this platform",
			m.Name, m.Version, goos, goarch, strings.Join(have, ", "))
	}
	return f, nil
}

// MarshalJSON writes the form that Parse reads.
func (e Entry) MarshalJSON() ([]byte, error) {
	if e.Platforms == nil {
		return json.Marshal(e.Path)
	}
	return json.Marshal(e.Platforms)
}

func (e *Entry) decodeNode(d *decoder, n *node, key string) {
	switch n.kind {
	case kindString:
		if !isInside(n.text) {
			d.wrong(n, key, rules["path"].want)
			return
		}
		e.Path = path.Clean(n.text)
	case kindObject:
		e.platforms(d, n, key)
	default:
		d.wrong(n, key, wantEntry)
	}
}

func (e *Entry) platforms(d *decoder, n *node, key string) {
	e.Platforms = map[string]EntryFile{}
	before := len(d.problems)
	for _, m := range d.unique(n, key) {
		if strings.HasPrefix(m.key, "x-") {
			continue
		}
		if !slices.Contains(platforms, m.key) {
			d.unknownPlatform(m, join(key, m.key))
			continue
		}
		e.Platforms[m.key] = d.entryFile(m, join(key, m.key))
	}
	if len(e.Platforms) == 0 && len(d.problems) == before {
		d.problem(n.start, key, "no platform", wantEntry)
	}
}

func (d *decoder) unknownPlatform(m member, key string) {
	want := "GOOS/GOARCH, such as linux/amd64"
	if !d.full() {
		want += didYouMean(m.key, platforms)
	}
	d.problem(m.start, key, "an unknown platform", want)
}

func (d *decoder) entryFile(m member, key string) EntryFile {
	var f EntryFile
	d.object(m.value, key, reflect.ValueOf(&f).Elem())
	if m.value.kind == kindObject && m.value.member("path") == nil {
		d.problem(m.value.start, key+".path", "no such key", rules["path"].want)
	}
	if f.Path != "" {
		f.Path = path.Clean(f.Path)
	}
	f.SHA256 = strings.ToLower(f.SHA256)
	return f
}

// platforms are those that Go builds for (go tool dist list).
var platforms = strings.Fields(`
aix/ppc64 android/386 android/amd64 android/arm android/arm64 darwin/amd64 darwin/arm64 dragonfly/amd64 freebsd/386
freebsd/amd64 freebsd/arm freebsd/arm64 freebsd/riscv64 illumos/amd64 ios/amd64 ios/arm64 js/wasm linux/386 linux/amd64
linux/arm linux/arm64 linux/loong64 linux/mips linux/mips64 linux/mips64le linux/mipsle linux/ppc64 linux/ppc64le
linux/riscv64 linux/s390x netbsd/386 netbsd/amd64 netbsd/arm netbsd/arm64 openbsd/386 openbsd/amd64 openbsd/arm
openbsd/arm64 openbsd/ppc64 openbsd/riscv64 plan9/386 plan9/amd64 plan9/arm solaris/amd64 wasip1/wasm windows/386
windows/amd64 windows/arm64`)
