package registry

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"syscall"

	"github.com/go-hotplug/hotplug/manifest"
)

// scanFolder makes a candidate of everything in a plugins folder that is a plugin or looks like one, in lexical order.
func scanFolder(ctx context.Context, dir string, p *policy) ([]*Candidate, error) {
	items, err := os.ReadDir(dir)
	if err != nil {
		return nil, unreadable(dir, err)
	}
	var out []*Candidate
	for _, item := range items {
		if ctx.Err() != nil {
			return nil, ctx.Err()
		}
		if passedOver(item.Name()) {
			continue
		}
		if c := look(filepath.Join(absolute(dir), item.Name()), p); c != nil {
			out = append(out, c)
		}
	}
	return out, nil
}

// unreadable says why a plugins folder cannot be read, and what to do.
func unreadable(dir string, err error) error {
	info, missing := os.Stat(dir)
	switch {
	case missing == nil && !info.IsDir():
		return fmt.Errorf("it is a file, want a folder that holds plugins, each in a folder of its own: %w", plain(err))
	case errors.Is(err, fs.ErrNotExist), errors.Is(missing, syscall.ENOTDIR):
		return fmt.Errorf("there is no such folder: create it, or correct the path: %w", plain(err))
	case errors.Is(err, fs.ErrPermission):
		return fmt.Errorf("this user may not read it: change its mode or owner: %w", plain(err))
	}
	return plain(err)
}

// look makes a candidate of one item of a plugins folder, and surveys it; nil if it is nothing of ours.
func look(path string, p *policy) *Candidate {
	c := lookItem(path, p)
	if c != nil {
		c.survey(path)
	}
	return c
}

func lookItem(path string, p *policy) *Candidate {
	info, err := os.Stat(path)
	switch {
	case err != nil:
		return broken(Entry{Name: filepath.Base(path), Dir: path}, plain(err), "%s cannot be looked at: %v", path, plain(err))
	case info.IsDir():
		return lookFolder(path, p)
	case strings.HasSuffix(path, manifest.LoneSuffix):
		return lookLone(path, p)
	case looksExecutable(path, info) && !hasLoneManifest(path):
		return &Candidate{
			Entry:  Entry{Name: filepath.Base(path), Dir: filepath.Dir(path), Lone: true, EntryPath: path},
			Status: NoManifest,
			Reason: "an executable without a manifest: write one with `hotplug init --lone " + path + "`",
		}
	}
	return nil
}

// lookFolder makes a candidate of a folder.
func lookFolder(dir string, p *policy) *Candidate {
	e := Entry{Name: filepath.Base(dir), Dir: dir, ManifestPath: filepath.Join(dir, manifest.FileName)}
	_, err := os.Lstat(e.ManifestPath)
	if os.IsNotExist(err) {
		return &Candidate{Entry: e, Status: Ignored, Reason: "a folder without " + manifest.FileName}
	}
	return load(e, p)
}

// lookLone makes a candidate of a manifest that lies beside its executable.
func lookLone(path string, p *policy) *Candidate {
	name := strings.TrimSuffix(filepath.Base(path), manifest.LoneSuffix)
	return load(Entry{Name: name, Dir: filepath.Dir(path), ManifestPath: path, Lone: true}, p)
}

func hasLoneManifest(path string) bool {
	for _, stem := range []string{path, strings.TrimSuffix(path, ".exe")} {
		if _, err := os.Lstat(stem + manifest.LoneSuffix); err == nil {
			return true
		}
	}
	return false
}

// passedOver are the names that editors, packagers and copiers leave behind.
func passedOver(name string) bool {
	lower := strings.ToLower(name)
	for _, prefix := range []string{".", "#", "~"} {
		if strings.HasPrefix(lower, prefix) {
			return true
		}
	}
	for _, suffix := range []string{".tmp", "~", ".bak", ".orig", ".old", ".swp", ".part", ".rpmsave", ".dpkg-old"} {
		if strings.HasSuffix(lower, suffix) || strings.HasSuffix(lower, suffix+manifest.LoneSuffix) {
			return true
		}
	}
	return false
}

// plain is the cause without the path that the caller names already.
func plain(err error) error {
	if pe, ok := err.(*fs.PathError); ok {
		return pe.Err
	}
	return err
}
