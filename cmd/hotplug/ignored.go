package main

import (
	"os"
	"path/filepath"
	"strings"

	"github.com/go-hotplug/hotplug/internal/shellwords"
	"github.com/go-hotplug/hotplug/manifest"
	"github.com/go-hotplug/hotplug/registry"
)

// ignoredFolders are the folders in plugins folders that hold no manifest: what a host passes over.
func ignoredFolders(reg *registry.Registry) []string {
	out := []string{}
	for _, c := range reg.Found {
		if c.Status == registry.Ignored {
			out = append(out, c.Dir)
		}
	}
	return out
}

// noteIgnored says how many folders are passed over, and how to see them.
func (a *app) noteIgnored(reg *registry.Registry) {
	n := len(ignoredFolders(reg))
	if n == 0 {
		return
	}
	verb, them := "are", "them"
	if n == 1 {
		verb, them = "is", "it"
	}
	show := append([]string{"hotplug", "list", "--all"}, folderPaths(reg)...)
	a.note("%s without %s %s ignored: `%s` shows %s", counted(n, "folder"), manifest.FileName, verb, shellwords.Line(show...), them)
}

// lacksManifest says what to do about a folder without a manifest; as is how the command line would name it.
func lacksManifest(dir, as string) string {
	said := "a folder without " + manifest.FileName + ", which hosts ignore: "
	if program := programIn(dir); program != "" {
		return said + "write one with `" + shellwords.Line("hotplug", "init", filepath.Join(as, program)) + "`"
	}
	return said + `if it is a plugin, write one that has "manifest": 1, "name", "version", and the program to run as "entry"`
}

// programIn is the executable of a folder: the one that has the folder's name, or the only one; "" if it is not clear which.
func programIn(dir string) string {
	items, err := os.ReadDir(dir)
	if err != nil {
		return ""
	}
	var found []string
	for _, item := range items {
		name := item.Name()
		if strings.HasSuffix(name, manifest.LoneSuffix) || registry.Inspect(filepath.Join(dir, name)).Status != registry.NoManifest {
			continue
		}
		if stem(name) == filepath.Base(dir) {
			return name
		}
		found = append(found, name)
	}
	if len(found) != 1 {
		return ""
	}
	return found[0]
}
