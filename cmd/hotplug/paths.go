package main

import (
	"context"
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"syscall"

	"github.com/go-hotplug/hotplug/manifest"
	"github.com/go-hotplug/hotplug/registry"
)

// looked is a path that a command was given; want is what it should lead to.
func looked(command, path, want string) (os.FileInfo, error) {
	info, err := os.Stat(path)
	switch {
	case err == nil:
		return info, nil
	case errors.Is(err, fs.ErrNotExist), errors.Is(err, syscall.ENOTDIR):
		return nil, exitf(exitHost, "%s: %s does not exist, want %s: correct the path: %w", command, path, want, bare(err))
	case errors.Is(err, fs.ErrPermission):
		return nil, exitf(exitHost, "%s: %s cannot be reached, want %s: this user may not enter a folder on the way: %w", command, path, want, bare(err))
	}
	return nil, exitf(exitHost, "%s: %s cannot be looked at, want %s: %w", command, path, want, bare(err))
}

// bare is the system's error without the path, where it stands in front already.
func bare(err error) error {
	if p, ok := errors.AsType[*fs.PathError](err); ok {
		return p.Err
	}
	return err
}

// pluginsFolders refuses a plugin's own folder where plugins folders are wanted: as one of those it holds nothing.
func pluginsFolders(command string, dirs []string) error {
	for _, dir := range dirs {
		if _, err := os.Lstat(filepath.Join(dir, manifest.FileName)); err == nil {
			return exitf(exitUsage, "%s: %s is a plugin's own folder, want a plugins folder, such as %s", command, dir, filepath.Join(dir, ".."))
		}
	}
	return nil
}

// scanned is what plugins folders hold.
func scanned(ctx context.Context, command string, o registry.Options) (*registry.Registry, error) {
	if err := pluginsFolders(command, o.Path); err != nil {
		return nil, err
	}
	reg, err := registry.Scan(ctx, o)
	if err != nil {
		return nil, orInterrupted(ctx, exitHost, err)
	}
	return reg, nil
}

// notOne is the error of a folder where one plugin is wanted.
func notOne(command, dir string) error {
	such := ""
	items, _ := os.ReadDir(dir)
	for _, item := range items {
		below := filepath.Join(dir, item.Name())
		if _, err := os.Lstat(filepath.Join(below, manifest.FileName)); err == nil {
			such = ", such as " + below
			break
		}
	}
	return exitf(exitPlugin, "%s %s: a folder without %s, want a program or a plugin's folder%s", command, dir, manifest.FileName, such)
}
