package filekey_test

import (
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/go-hotplug/hotplug/internal/filekey"
)

func keyAt(t *testing.T, path string) filekey.Key {
	t.Helper()
	fi, err := os.Stat(path)
	if err != nil {
		t.Fatal(err)
	}
	return filekey.Of(fi)
}

func TestAKeyIsThatOfItsWords(t *testing.T) {
	path := filepath.Join(t.TempDir(), "f")
	if err := os.WriteFile(path, []byte("one"), 0o644); err != nil {
		t.Fatal(err)
	}
	if k := keyAt(t, path); filekey.FromWords(k.Words()) != k {
		t.Errorf("%+v comes back as %+v", k, filekey.FromWords(k.Words()))
	}
}

func TestAKeyChangesWithSizeTimeAndFileAndWithNothingElse(t *testing.T) {
	path := filepath.Join(t.TempDir(), "f")
	write := func(text string) {
		t.Helper()
		if err := os.WriteFile(path, []byte(text), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	write("one")
	first := keyAt(t, path)
	if again := keyAt(t, path); again != first {
		t.Errorf("two looks at one state differ: %+v and %+v", first, again)
	}
	write("three")
	longer := keyAt(t, path)
	old := time.Now().Add(-time.Hour)
	if err := os.Chtimes(path, old, old); err != nil {
		t.Fatal(err)
	}
	touched := keyAt(t, path)
	if first == longer || longer == touched {
		t.Errorf("keys do not tell states apart: %+v, longer %+v, touched %+v", first, longer, touched)
	}
}
