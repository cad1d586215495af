package main

import (
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path"
	"path/filepath"
)

// marker is the file that says: this folder is a site of ours, and may be replaced.
const marker = ".site"

// An output is a site on its way: it is written beside the folder where it will be, and takes its place when it is complete.
type output struct {
	dir     string // where it will be
	beside  string // where it is written
	root    *os.Root
	written int64 // bytes
}

// createOutput begins a site. It refuses to replace a folder that is not a site.
func createOutput(dir string) (*output, error) {
	if err := replaceable(dir); err != nil {
		return nil, err
	}
	parent := filepath.Dir(dir)
	if err := os.MkdirAll(parent, 0o755); err != nil {
		return nil, err
	}
	beside, err := os.MkdirTemp(parent, "."+filepath.Base(dir)+"-")
	if err != nil {
		return nil, err
	}
	root, err := os.OpenRoot(beside)
	if err != nil {
		return nil, errors.Join(err, os.RemoveAll(beside))
	}
	return &output{dir: dir, beside: beside, root: root}, nil
}

// replaceable says whether a folder may be deleted: it is not there, empty, or a site.
func replaceable(dir string) error {
	entries, err := os.ReadDir(dir)
	switch {
	case errors.Is(err, fs.ErrNotExist) || err == nil && len(entries) == 0:
		return nil
	case err != nil:
		return err
	}
	if _, err := os.Lstat(filepath.Join(dir, marker)); err != nil {
		return fmt.Errorf("%s has files that are no site of this program (there is no %s in it): name another folder with -out", dir, marker)
	}
	return nil
}

// create opens a new file of the site.
func (o *output) create(name string) (*os.File, error) {
	if err := o.root.MkdirAll(path.Dir(name), 0o755); err != nil {
		return nil, err
	}
	return o.root.OpenFile(name, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o644)
}

// write writes a new file of the site.
func (o *output) write(name string, content func(io.Writer) error) error {
	f, err := o.create(name)
	if err != nil {
		return fmt.Errorf("write %s: %w", name, err)
	}
	c := &counter{w: f}
	if err := errors.Join(content(c), f.Close()); err != nil {
		return fmt.Errorf("write %s: %w", name, err)
	}
	o.written += c.n
	return nil
}

func (o *output) writeText(name, text string) error {
	return o.write(name, func(w io.Writer) error {
		_, err := io.WriteString(w, text)
		return err
	})
}

// publish puts the site in its place. Should that fail, the site that was there is there again.
func (o *output) publish() error {
	if err := o.writeText(marker, "This folder is replaced by the next build of the site.\n"); err != nil {
		return err
	}
	if err := errors.Join(o.root.Close(), os.Chmod(o.beside, 0o755)); err != nil {
		return err
	}
	old := o.beside + ".old"
	err := os.Rename(o.dir, old)
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return err
	}
	if err := os.Rename(o.beside, o.dir); err != nil {
		return errors.Join(err, os.Rename(old, o.dir))
	}
	return os.RemoveAll(old)
}

// discard removes what was not published; after publish it does nothing.
func (o *output) discard() {
	o.root.Close()
	os.RemoveAll(o.beside)
}

// A counter counts what is written.
type counter struct {
	w io.Writer
	n int64
}

func (c *counter) Write(b []byte) (int, error) {
	n, err := c.w.Write(b)
	c.n += int64(n)
	return n, err
}
