package registry_test

import (
	"context"
	"fmt"
	"log"
	"os"
	"path/filepath"

	"github.com/go-hotplug/hotplug/manifest"
	"github.com/go-hotplug/hotplug/registry"
)

func ExampleScan() {
	plugins, err := os.MkdirTemp("", "plugins")
	if err != nil {
		log.Fatal(err)
	}
	defer os.RemoveAll(plugins)
	lone := filepath.Join(plugins, "markdown.cmd") // a name that every platform takes for executable
	_ = os.WriteFile(lone, []byte("#!/bin/sh\n"), 0o700)
	_ = os.WriteFile(lone+".plugin.json", manifest.Template("markdown", "1.4.0", "markdown.cmd"), 0o600)

	reg, err := registry.Scan(context.Background(), registry.Options{Path: []string{plugins}, HostName: "docsite", HostVersion: "2.1.0"})
	if err != nil {
		log.Fatal(err) // only about the options and the folders, never about one plugin
	}
	for _, level := range reg.Order() {
		for _, e := range level {
			fmt.Println(e.Name, e.Version, e.EntryRel)
		}
	}
	fmt.Println(reg.Explain("markdwon"))
	// Output:
	// markdown 1.4.0 markdown.cmd
	// plugin "markdwon" is not installed: did you mean "markdown"?
}
