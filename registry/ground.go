package registry

import (
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"hash"
	"io/fs"
	"os"
	"path/filepath"
	"strings"

	"github.com/go-hotplug/hotplug/internal/filekey"
)

// maxGround is how many files and folders of one plugin are looked at. The store refuses a tree with more files.
const maxGround = 10_000

// ground is what a candidate stands on: what the next look is compared with, and where to expect a change.
type ground struct {
	item  string   // path of the item of the plugins folder
	mark  string   // tells one state of the candidate from every other
	files []string // the regular files that count, for who wants to know whether they are being written
	spots spots
}

// survey notes what a candidate stands on, and gives its entry the sum of its files. It reads no file.
func (c *Candidate) survey(item string) {
	g := &ground{item: item, spots: spots{}}
	s := surveyor{c: c, g: g, sum: sha256.New()}
	end, info := g.spots.trail(item)
	if info != nil && info.IsDir() {
		g.spots.all(end)
	}
	switch {
	case c.Manifest != nil && c.Lone:
		s.file(c.EntryRel, filepath.Join(c.Dir, c.EntryRel))
	case c.Manifest != nil:
		s.folder(end)
	case c.Status == NoManifest:
		s.file("", item)
	}
	if c.Manifest != nil || c.Status == NoManifest {
		c.FilesSum = hex.EncodeToString(s.sum.Sum(nil))
	}
	g.mark = strings.Join([]string{string(c.Status), c.Name, c.Reason, c.ManifestSum, s.manifest(), c.FilesSum, end, c.EntryPath,
		strings.Join(c.Warnings, "\n")}, "\x00")
	c.ground = g
}

// surveyor surveys one candidate.
type surveyor struct {
	c       *Candidate
	g       *ground
	sum     hash.Hash
	folders int
}

// folder takes in all that belongs to the plugin below its folder.
func (s *surveyor) folder(root string) {
	err := filepath.WalkDir(root, func(path string, d fs.DirEntry, err error) error {
		rel, relErr := filepath.Rel(root, path)
		if relErr != nil {
			return relErr
		}
		return s.visit(filepath.ToSlash(rel), path, d, err)
	})
	if err != nil {
		s.line("%v", err)
	}
	if s.c.EntryRel != "" {
		entry := filepath.Join(root, filepath.FromSlash(s.c.EntryRel))
		s.g.spots.trail(entry)
		s.file(s.c.EntryRel, entry)
	}
}

func (s *surveyor) visit(rel, path string, d fs.DirEntry, err error) error {
	switch {
	case err != nil:
		s.line("%q cannot be looked at", rel) // a folder: WalkDir goes on beside it
		return nil
	case d.IsDir() && !s.enters(rel):
		return fs.SkipDir
	case d.IsDir():
		s.g.spots.all(path)
		s.folders++
	case s.c.Manifest.Selects(rel):
		s.file(rel, path)
	}
	if s.folders > maxGround || len(s.g.files) > maxGround {
		s.line("there is more")
		return fs.SkipAll
	}
	return nil
}

// enters reports whether something in a folder may belong to the plugin.
func (s *surveyor) enters(rel string) bool {
	return rel == "." || s.c.Manifest.SelectsBelow(rel) || strings.HasPrefix(s.c.EntryRel, rel+"/")
}

// file takes in one file, link or whatever else lies at a path.
func (s *surveyor) file(rel, path string) {
	info, err := os.Lstat(path)
	if err != nil {
		s.g.spots.trail(path)
		s.line("%q is missing", rel)
		return
	}
	if info.Mode()&fs.ModeSymlink != 0 {
		end, behind := s.g.spots.trail(path)
		s.line("%q leads to %q", rel, s.within(end))
		if behind == nil || behind.IsDir() {
			return
		}
		path, info = end, behind
	}
	s.line("%q %v %v", rel, info.Mode(), filekey.Of(info))
	if info.Mode().IsRegular() {
		s.g.files = append(s.g.files, path)
	}
}

// within is a path relative to the item, so that a plugin that is moved with all its files keeps its sum.
func (s *surveyor) within(path string) string {
	if rel, err := filepath.Rel(s.g.item, path); err == nil && filepath.IsLocal(rel) {
		return rel
	}
	return path
}

// manifest is the state of the manifest's file: two looks at one that is being written may have read the same bytes.
func (s *surveyor) manifest() string {
	if s.c.ManifestPath == "" {
		return ""
	}
	end, info := s.g.spots.trail(s.c.ManifestPath)
	if info == nil {
		return "missing"
	}
	if info.Mode().IsRegular() {
		s.g.files = append(s.g.files, end)
	}
	return fmt.Sprint(info.Mode(), filekey.Of(info))
}

func (s *surveyor) line(format string, args ...any) {
	_, _ = fmt.Fprintf(s.sum, format+"\n", args...)
}

func sumOf(data []byte) string {
	sum := sha256.Sum256(data)
	return hex.EncodeToString(sum[:])
}
