package main

import (
	"path/filepath"
	"testing"
)

func TestAPluginsOwnFolderIsNoPluginsFolder(t *testing.T) {
	s := newShelf(t).sample("counter")
	own := filepath.Join(s.dir, "counter")
	for _, args := range [][]string{{"list", own}, {"list", s.dir, own}, {"why", own, "counter"}, {"run", own}, {"call", own, "counter", "counter.get"}} {
		command(t, args...).exits(t, exitUsage).complains(t, args[0]+": "+own+" is a plugin's own folder, want a plugins folder, such as "+s.dir)
	}
	t.Chdir(own)
	command(t, "list", ".").exits(t, exitUsage).complains(t, ". is a plugin's own folder, want a plugins folder, such as ..")
}

func TestConformanceOfAPluginsFolderNamesAPluginInIt(t *testing.T) {
	s := newShelf(t).sample("counter")
	command(t, "conformance", s.dir).exits(t, exitPlugin).
		complains(t, "conformance "+s.dir+": a folder without plugin.json, want a program or a plugin's folder, such as "+filepath.Join(s.dir, "counter"))
	command(t, "conformance", t.TempDir()).exits(t, exitPlugin).complains(t, "want a program or a plugin's folder\n")
}
