package main

import (
	"flag"
	"os"
	"path/filepath"
	"testing"

	"github.com/go-hotplug/hotplug/sample-plugins/markdown/markdownapi"
)

var update = flag.Bool("update", false, "write the golden files anew")

// golden compares got with a file of testdata.
func golden(t *testing.T, file, got string) {
	t.Helper()
	path := filepath.Join("testdata", file)
	if *update {
		if err := os.WriteFile(path, []byte(got), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	if got != string(want) {
		t.Errorf("%s differs (go test -update writes it anew)\ngot:\n%s\nwant:\n%s", path, got, want)
	}
}

func fromFile(t *testing.T, name string) markdownapi.Document {
	t.Helper()
	source, err := os.ReadFile(filepath.Join("testdata", name))
	if err != nil {
		t.Fatal(err)
	}
	return mustRender(t, connect(t, newSite(t).handlers()), "guide/"+name, string(source))
}

func TestRenderKeepsEveryConstruct(t *testing.T) {
	golden(t, "everything.html", fromFile(t, "everything.md").HTML)
}

func TestRenderDisarmsHostileMarkup(t *testing.T) {
	golden(t, "hostile.html", fromFile(t, "hostile.md").HTML)
}
