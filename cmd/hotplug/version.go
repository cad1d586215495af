package main

import (
	"runtime"
	"runtime/debug"

	"github.com/spf13/cobra"
)

// A build is what the command was built from.
type build struct {
	Version  string `json:"version"` // of the module; "(devel)" outside of a release
	Revision string `json:"revision,omitempty"`
	Go       string `json:"go"`
	Platform string `json:"platform"`
}

func (a *app) versionCommand() *cobra.Command {
	return &cobra.Command{
		Use: "version", Short: "Print the version of this command", Args: arguments(0, 0),
		RunE: func(*cobra.Command, []string) error { return a.version(thisBuild()) },
	}
}

func (a *app) version(b build) error {
	if a.json {
		return a.document(b)
	}
	t := &table{}
	t.add(text("hotplug"), text(b.Version))
	if b.Revision != "" {
		t.add(text("revision"), text(b.Revision))
	}
	t.add(text("go"), text(b.Go))
	t.add(text("platform"), text(b.Platform))
	return a.print(t)
}

func thisBuild() build {
	b := build{Version: "unknown", Go: runtime.Version(), Platform: runtime.GOOS + "/" + runtime.GOARCH}
	info, ok := debug.ReadBuildInfo()
	if !ok {
		return b
	}
	if b.Version = info.Main.Version; b.Version == "" {
		b.Version = "(devel)"
	}
	for _, s := range info.Settings {
		if s.Key == "vcs.revision" {
			b.Revision = s.Value
		}
	}
	return b
}
