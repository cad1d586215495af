package main

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"maps"
	"os"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"unicode/utf8"

	"github.com/go-hotplug/hotplug/internal/regular"
	"github.com/go-hotplug/hotplug/manifest"
	"github.com/go-hotplug/hotplug/registry"
)

// problem adds a problem at a key of the manifest.
func (c *checked) problem(key, text string) { c.Problems = append(c.Problems, c.finding(key, text)) }

// warning adds a warning at a key of the manifest.
func (c *checked) warning(key, text string) { c.Warnings = append(c.Warnings, c.finding(key, text)) }

func (c *checked) finding(key, text string) finding {
	f := finding{File: c.File, Line: 1, Column: 1, Key: key, Text: text}
	if data, err := manifest.Read(c.File); err == nil {
		f.Line, f.Column = keyPlace(data, key)
	}
	if !strings.HasPrefix(text, key) {
		f.Text = key + ": " + text
	}
	return f
}

// keyPlace is the line and column of a key of the outermost object, 1 and 1 if it is not there.
func keyPlace(data []byte, key string) (line, column int) {
	d := json.NewDecoder(bytes.NewReader(data))
	if open, err := d.Token(); err != nil || open != json.Delim('{') {
		return 1, 1
	}
	for d.More() {
		name, err := d.Token()
		if err != nil {
			return 1, 1
		}
		if name == key {
			head := string(data[:d.InputOffset()])
			head = head[:strings.LastIndexByte(head[:len(head)-1], '"')]
			start := strings.LastIndexByte(head, '\n') + 1
			return strings.Count(head, "\n") + 1, utf8.RuneCountInString(head[start:]) + 1
		}
		var value json.RawMessage
		if d.Decode(&value) != nil {
			return 1, 1
		}
	}
	return 1, 1
}

// entryProblems is what is wrong with entry files beyond what the registry looks at: those of other platforms, and digests.
func entryProblems(dir string, m *manifest.Manifest, c registry.Candidate) []string {
	if m.Entry.Platforms == nil {
		return nil // one file without a digest
	}
	var out []string
	for _, platform := range slices.Sorted(maps.Keys(m.Entry.Platforms)) {
		here := platform == runtime.GOOS+"/"+runtime.GOARCH
		if here && c.Status == registry.Broken {
			continue // said already
		}
		if err := checkEntryFile(dir, m.Entry.Platforms[platform]); err != nil {
			out = append(out, fmt.Sprintf("entry for %s: %v", platform, err))
		}
	}
	return out
}

// checkEntryFile looks whether a file is there, and what its manifest says.
func checkEntryFile(dir string, e manifest.EntryFile) error {
	path := filepath.Join(dir, filepath.FromSlash(e.Path))
	info, err := os.Stat(path)
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return fmt.Errorf("%s does not exist: want a file at %s", e.Path, path)
	case err != nil:
		return err
	case !info.Mode().IsRegular():
		return fmt.Errorf("%s is not a regular file", e.Path)
	case e.SHA256 == "":
		return nil
	}
	sum, err := digest(path)
	if err == nil && sum != e.SHA256 {
		err = fmt.Errorf("%s has the SHA-256 %s, want %s as the manifest says: build it again, or correct the manifest", e.Path, sum, e.SHA256)
	}
	return err
}

func digest(path string) (string, error) {
	f, err := regular.Open(path, os.O_RDONLY, 0)
	if err != nil {
		return "", err
	}
	defer f.Close()
	h := sha256.New()
	if _, err := io.Copy(h, f); err != nil {
		return "", err
	}
	return hex.EncodeToString(h.Sum(nil)), nil
}

// printValidation prints what was found, file by file.
func (a *app) printValidation(v validation) error {
	if a.json {
		return a.document(v)
	}
	var b strings.Builder
	for _, m := range v.Manifests {
		for _, f := range m.Problems {
			a.printFinding(&b, f, "", red)
		}
		for _, f := range m.Warnings {
			a.printFinding(&b, f, "warning: ", yellow)
		}
		if len(m.Problems) == 0 {
			fmt.Fprintf(&b, "%s: %s %s: ok\n", printable(m.File), m.Name, m.Version)
		}
	}
	_, err := a.out.Write([]byte(b.String()))
	return written(err)
}

func (a *app) printFinding(b *strings.Builder, f finding, kind, color string) {
	said := kind + oneLine(f.Text)
	if a.colors(a.outTerminal) {
		said = color + said + plain
	}
	fmt.Fprintf(b, "%s: %s\n", printable(f.place()), said)
}
