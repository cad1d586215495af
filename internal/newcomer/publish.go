package newcomer

import (
	"archive/zip"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
)

const (
	module  = "github.com/go-hotplug/hotplug"
	version = "v0.1.0-checkout"
)

// publish makes a folder a Go module proxy with one version of one module: the one at root. See https://go.dev/ref/mod#goproxy-protocol.
func publish(root, proxy string) error {
	dir := filepath.Join(proxy, filepath.FromSlash(module), "@v")
	if err := os.MkdirAll(dir, 0o755); err != nil {
		return err
	}
	mod, err := os.ReadFile(filepath.Join(root, "go.mod"))
	if err != nil {
		return err
	}
	for name, content := range map[string]string{
		"list": version + "\n", version + ".info": fmt.Sprintf(`{"Version": %q, "Time": "2026-01-01T00:00:00Z"}`, version), version + ".mod": string(mod),
	} {
		if err := os.WriteFile(filepath.Join(dir, name), []byte(content), 0o644); err != nil {
			return err
		}
	}
	return pack(root, filepath.Join(dir, version+".zip"))
}

// pack writes the module at root, without the modules in folders below, as a zip file.
func pack(root, to string) error {
	f, err := os.Create(to)
	if err != nil {
		return err
	}
	z := zip.NewWriter(f)
	err = visit(root, true, func(rel, path string) error {
		w, err := z.Create(module + "@" + version + "/" + filepath.ToSlash(rel))
		if err != nil {
			return err
		}
		return copyTo(w, path)
	})
	return errors.Join(err, z.Close(), f.Close())
}

func copyTo(w io.Writer, path string) error {
	f, err := os.Open(path)
	if err != nil {
		return err
	}
	defer f.Close()
	_, err = io.Copy(w, f)
	return err
}

// Copy copies a checkout without what is hidden or built.
func Copy(root, to string) error {
	return visit(root, false, func(rel, path string) error {
		name := filepath.Join(to, rel)
		if err := os.MkdirAll(filepath.Dir(name), 0o755); err != nil {
			return err
		}
		f, err := os.Create(name)
		if err != nil {
			return err
		}
		return errors.Join(copyTo(f, path), f.Close())
	})
}

// visit calls a function for each file of a checkout but for what is hidden or built, and, if asked to, what belongs to other modules.
func visit(root string, own bool, f func(rel, path string) error) error {
	return filepath.WalkDir(root, func(path string, d fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		rel, err := filepath.Rel(root, path)
		if err != nil {
			return err
		}
		switch {
		case rel == ".":
			return nil
		case d.IsDir() && (strings.HasPrefix(d.Name(), ".") || rel == "build" || rel == "bin" || own && isModule(path)):
			return fs.SkipDir
		case !d.Type().IsRegular() || strings.HasPrefix(d.Name(), "."):
			return nil
		}
		return f(rel, path)
	})
}

func isModule(dir string) bool {
	_, err := os.Lstat(filepath.Join(dir, "go.mod"))
	return err == nil
}
