package store_test

import (
	"context"
	"crypto/sha256"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/go-hotplug/hotplug/internal/store"
)

func TestSumIsTheCopyThatPutMakesAndWritesNothing(t *testing.T) {
	dir := tree(t, map[string]string{"run*": "#!/bin/sh\n", "data/x": "x", "link": "->data/x", "plugin.json": "{}"})
	for _, tr := range []store.Tree{
		{Root: dir, Entry: "run"},
		{Root: dir, Entry: "run", Select: func(rel string) bool { return rel == "run" }},
		{Root: filepath.Join(dir, "run")},
	} {
		sum, err := store.Sum(t.Context(), tr)
		if err != nil {
			t.Fatal(err)
		}
		want := put(t, open(t), tr)
		if want.EntrySHA256 != fmt.Sprintf("%x", sha256.Sum256([]byte("#!/bin/sh\n"))) {
			t.Errorf("the entry's SHA-256 is %s", want.EntrySHA256)
		}
		want.Dir = ""
		if sum != want {
			t.Errorf("Sum gives %+v, Put %+v", sum, want)
		}
	}
	if left, err := os.ReadDir(dir); err != nil || len(left) != 4 {
		t.Errorf("the tree has %v, %v", left, err)
	}
}

func TestSumRefusesWhatPutRefuses(t *testing.T) {
	dir := tree(t, map[string]string{"run*": "x", "pipe": "->../.."})
	_, err := store.Sum(t.Context(), store.Tree{Root: dir, Entry: "run"})
	if err == nil || !strings.Contains(err.Error(), "leads out of the tree") {
		t.Errorf("got %v", err)
	}
	only := store.Tree{Root: filepath.Join(dir, "run"), SHA256: strings.Repeat("0", 64)}
	if _, err = store.Sum(t.Context(), only); err == nil || !strings.Contains(err.Error(), "expected was "+only.SHA256) {
		t.Errorf("got %v", err)
	}
	ended, end := context.WithCancel(t.Context())
	end()
	if _, err = store.Sum(ended, store.Tree{Root: filepath.Join(dir, "run")}); !errors.Is(err, context.Canceled) {
		t.Errorf("got %v", err)
	}
}

func TestASumWithoutModesIsThatOfASystemWithoutThem(t *testing.T) {
	sum := func(name string) string {
		c, err := store.Sum(t.Context(), store.Tree{Root: tree(t, map[string]string{name: "MZ"}), Entry: "x.exe", Modeless: true})
		if err != nil {
			t.Fatal(err)
		}
		return c.Hash
	}
	if sum("x.exe") != sum("x.exe*") {
		t.Error("an execute bit makes another hash")
	}
}
