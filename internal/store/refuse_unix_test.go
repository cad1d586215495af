//go:build unix

package store_test

import (
	"context"
	"crypto/sha256"
	"errors"
	"fmt"
	"net"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"

	"github.com/go-hotplug/hotplug/internal/store"
)

func TestPutRefusesAnEntryThatIsNotWhatItShouldBe(t *testing.T) {
	root := tree(t, map[string]string{"run*": "program", "data": "d", "sub/x*": "x", "alias": "->run", "plugin.json": ""})
	for name, c := range map[string]struct {
		tree store.Tree
		want string
	}{
		"absent":         {store.Tree{Entry: "runn"}, `entry "runn" is not a file of the tree`},
		"not selected":   {store.Tree{Entry: "run", Select: func(rel string) bool { return rel == "data" }}, `entry "run" is not a file`},
		"a folder":       {store.Tree{Entry: "sub"}, `entry "sub" is not a file`},
		"outside":        {store.Tree{Entry: "../run"}, `entry "../run" is not a file`},
		"not executable": {store.Tree{Entry: "data"}, `entry "data" is not executable: chmod +x it`},
		"another hash":   {store.Tree{Entry: "run", SHA256: strings.Repeat("0", 64)}, "expected was 0000"},
		"hash of a link": {store.Tree{Entry: "alias", SHA256: strings.Repeat("0", 64)}, "expected was 0000"},
		"the manifest":   {store.Tree{Entry: "plugin.json"}, `entry "plugin.json" is not a file`},
	} {
		t.Run(name, func(t *testing.T) {
			c.tree.Root = root
			refused(t, open(t), c.tree, c.want)
		})
	}
}

func TestPutTakesTheHashOfTheEntryInEitherCase(t *testing.T) {
	root := tree(t, map[string]string{"run*": "program", "alias": "->run"})
	sum := fmt.Sprintf("%x", sha256.Sum256([]byte("program")))
	for _, entry := range []string{"run", "alias"} {
		put(t, open(t), store.Tree{Root: root, Entry: entry, SHA256: sum})
		put(t, open(t), store.Tree{Root: root, Entry: entry, SHA256: strings.ToUpper(sum)})
	}
}

func TestPutRefusesALinkThatLeavesTheTree(t *testing.T) {
	outside := tree(t, map[string]string{"secret": "s", "d/x": ""})
	for name, files := range map[string]map[string]string{
		"absolute":      {"link": "->" + outside + "/secret"},
		"relative":      {"sub/link": "->../.."},
		"folder":        {"link": "->" + outside + "/d"},
		"link of links": {"link": "->other", "other": "->" + outside},
		"the parent":    {"link": "->.."},
	} {
		t.Run(name, func(t *testing.T) {
			refused(t, open(t), store.Tree{Root: tree(t, files)}, "leads out of the tree")
		})
	}
}

func TestPutRefusesALinkToWhatIsNotCopied(t *testing.T) {
	for name, to := range map[string]string{"not selected": "other/x", "the manifest": "plugin.json", "folder of nothing": "other"} {
		t.Run(name, func(t *testing.T) {
			root := tree(t, map[string]string{"other/x": "", "plugin.json": "{}", "link": "->" + to})
			pick := func(rel string) bool { return rel == "link" }
			refused(t, open(t), store.Tree{Root: root, Select: pick}, `link "link" leads to "`+to+`", which is not selected`)
		})
	}
}

func TestALinkToAFolderOfTheTreeStaysALink(t *testing.T) {
	root := tree(t, map[string]string{"lib/v2/a.so": "a", "lib/current": "->v2", "top": "->lib/current", "self": "->."})
	c := put(t, open(t), store.Tree{Root: root})
	for link, want := range map[string]string{"lib/current": "v2", "top": "lib/v2", "self": "."} {
		if got, err := os.Readlink(filepath.Join(c.Dir, link)); got != want || err != nil {
			t.Errorf("%s leads to %q, %v; want %q", link, got, err, want)
		}
	}
}

func TestALinkThatLeadsNowhereIsLeftOut(t *testing.T) {
	root := tree(t, map[string]string{"a": "1", ".#a": "->me@here.123:456"})
	if c := put(t, open(t), store.Tree{Root: root}); c.Files != 1 {
		t.Errorf("%d files, want 1", c.Files)
	}
}

func TestPutRefusesSpecialFilesByName(t *testing.T) {
	for want, make := range map[string]func(path string) error{
		`"sub/it" is a named pipe`: func(p string) error { return syscall.Mkfifo(p, 0o600) },
		`"sub/it" is a socket`: func(p string) error {
			ln, err := net.ListenUnix("unix", &net.UnixAddr{Name: p, Net: "unix"})
			if err == nil {
				ln.SetUnlinkOnClose(false)
				err = ln.Close()
			}
			return err
		},
	} {
		dir, err := os.MkdirTemp("", "s") // short: a socket's path may have 104 bytes
		if err != nil {
			t.Fatal(err)
		}
		defer os.RemoveAll(dir)
		write(t, filepath.Join(dir, "sub", "run*"), "x")
		if err := make(filepath.Join(dir, "sub", "it")); err != nil {
			t.Fatal(err)
		}
		refused(t, open(t), store.Tree{Root: dir}, want)
		put(t, open(t), store.Tree{Root: dir, Select: func(rel string) bool { return rel != "sub/it" }})
	}
}

func TestPutRefusesTreesOverTheLimits(t *testing.T) {
	root := tree(t, map[string]string{"a": "1234", "b": "5678", "c": "->a"})
	for _, c := range []struct {
		files int
		bytes int64
		want  string
	}{
		{2, 100, "more than 2 files: select fewer"},
		{3, 8, `more than 8 bytes ("c" is the file that is too much)`},
		{3, 9, ""},
	} {
		s := open(t)
		s.SetLimits(c.files, c.bytes)
		if c.want == "" {
			put(t, s, store.Tree{Root: root})
			continue
		}
		refused(t, s, store.Tree{Root: root}, c.want)
	}
}

func TestPutNamesATreeThatIsNotThere(t *testing.T) {
	err := refused(t, open(t), store.Tree{Root: filepath.Join(t.TempDir(), "gone")}, "gone")
	if !errors.Is(err, os.ErrNotExist) || errors.Is(err, store.ErrChanged) {
		t.Errorf("err = %v", err)
	}
}

func TestErrorsOfWritingNameTheFolderAndWhatToDo(t *testing.T) {
	for errno, want := range map[syscall.Errno]string{
		syscall.ENOSPC: "no space is left for copies of plugins in folder /state/store: free some, or set another state folder",
		syscall.EDQUOT: "no space is left",
		syscall.EROFS:  "folder /state/store is on a read-only file system",
		syscall.EACCES: "this user may not write in folder /state/store",
	} {
		err := store.Explain("/state/store", &os.PathError{Op: "write", Path: "/state/store/x", Err: errno})
		if !strings.Contains(err.Error(), want) || !errors.Is(err, errno) {
			t.Errorf("%v: %v\nwant one that says %q and wraps it", errno, err, want)
		}
	}
}

func TestACancelledPutLeavesNothing(t *testing.T) {
	root := tree(t, map[string]string{"a": "1", "b": "2", "sub/c": "3"})
	s := open(t)
	ctx, cancel := context.WithCancelCause(t.Context())
	enough := errors.New("enough")
	s.SetCopied(func(string) { cancel(enough) })
	if _, err := s.Put(ctx, store.Tree{Root: root}); !errors.Is(err, enough) {
		t.Errorf("err = %v, want the context's cause", err)
	}
	if left := names(t, s.Dir()); len(left) > 0 {
		t.Errorf("left: %v", left)
	}
}
