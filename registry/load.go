package registry

import (
	"errors"
	"fmt"
	"path/filepath"
	"slices"
	"strings"

	"github.com/go-hotplug/hotplug/manifest"
)

// load reads the manifest of a candidate and looks at its entry. What it returns is broken, or has no status yet.
func load(e Entry, p *policy) *Candidate {
	data, err := manifest.Read(e.ManifestPath)
	if err != nil {
		return broken(e, err, "%v", err)
	}
	e.ManifestSum = sumOf(data)
	m, warnings, err := manifest.Parse(data, e.ManifestPath)
	if err != nil {
		var me *manifest.Error
		if errors.As(err, &me) && me.Name != "" {
			e.Name = me.Name
		}
		return broken(e, err, "%v", err)
	}
	e.Name, e.Version, e.Manifest = m.Name, m.Version, m
	for _, w := range warnings {
		e.Warnings = append(e.Warnings, w.String())
	}
	file, err := m.EntryFor(p.goos, p.goarch)
	if err != nil {
		return broken(e, err, "%v", err)
	}
	if err := loneFits(e, file.Path); err != nil {
		return broken(e, err, "%v", err)
	}
	e.EntryRel, e.SHA256 = file.Path, file.SHA256
	if err := e.checkEntry(p); err != nil {
		return broken(e, err, "%v", err)
	}
	return &Candidate{Entry: e}
}

// loneFits refuses a manifest beside an executable that speaks of more than that executable.
func loneFits(e Entry, entry string) error {
	if !e.Lone {
		return nil
	}
	stem := strings.TrimSuffix(filepath.Base(e.ManifestPath), manifest.LoneSuffix)
	if entry != stem && entry != stem+".exe" {
		return fmt.Errorf("entry %q is not the executable that %s lies beside: want %q, or a folder of its own with plugin.json", entry, e.ManifestPath, stem)
	}
	if !slices.Equal(e.Manifest.Files, manifest.Default().Files) {
		return fmt.Errorf("%s: files: found a list, want none: a lone executable is all there is; more files need a folder with plugin.json", e.ManifestPath)
	}
	return nil
}

func broken(e Entry, cause error, format string, args ...any) *Candidate {
	return &Candidate{Entry: e, Status: Broken, Reason: fmt.Sprintf(format, args...), Err: cause}
}
