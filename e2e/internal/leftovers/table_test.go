package leftovers

import (
	"net"
	"os"
	"path/filepath"
	"testing"
)

func TestAnEnvironmentNamesTheFolderOrOneBelowAndNoOther(t *testing.T) {
	for environment, want := range map[string]bool{
		"A=1\x00" + "RECORDS=/x/records/good\x00B=2\x00": true,
		"RECORDS=/x/records\x00":                         true,
		"RECORDS=/x/records2/good\x00":                   false,
		"A=RECORDS=/x/records\x00":                       false,
		"":                                               false,
	} {
		if got := names(environment, "RECORDS", "/x/records"); got != want {
			t.Errorf("%q: %t", environment, got)
		}
	}
}

func TestFilesAreCountedBelowAFolderAndSocketsApart(t *testing.T) {
	dir := t.TempDir()
	if sockets, others := FilesIn(dir); sockets+others != 0 {
		t.Errorf("an empty folder: %d and %d", sockets, others)
	}
	if err := os.Mkdir(filepath.Join(dir, "sub"), 0o700); err != nil {
		t.Fatal(err)
	}
	l, err := net.Listen("unix", filepath.Join(dir, "sub", "s"))
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	if sockets, others := FilesIn(dir); sockets != 1 || others != 1 {
		t.Errorf("a folder with a socket: %d and %d", sockets, others)
	}
}
