package lockfile

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"

	"github.com/go-hotplug/hotplug/internal/regular"
	"github.com/go-hotplug/hotplug/internal/shellwords"
)

// maxBytes bounds what is read: some ten thousand plugins.
const maxBytes = 16 << 20

// A Lock is a lock file and the plugins folders that it is about. Folders is required, the first one may be where it lies.
type Lock struct {
	File    string // path; empty: Name in the first folder
	Folders []string
}

// Path is where the file lies.
func (l Lock) Path() string {
	if l.File == "" {
		return filepath.Join(l.Folders[0], Name)
	}
	return l.File
}

// Command is what a person types into a shell to accept what is there.
func (l Lock) Command() string {
	words := []string{"hotplug", "lock"}
	if l.File != "" {
		words = append(words, "--file", l.File)
	}
	return shellwords.Line(append(words, l.Folders...)...)
}

// Read reads the file. An error says what to do; that of a file which is not there wraps fs.ErrNotExist.
func (l Lock) Read() (*File, error) {
	text, err := l.Bytes()
	if errors.Is(err, fs.ErrNotExist) {
		return nil, fmt.Errorf("lock file %s: %w: look at the plugins, then write it with `%s`", l.Path(), fs.ErrNotExist, l.Command())
	}
	_, other := errors.AsType[*regular.KindError](err)
	if err != nil && !other {
		return nil, fmt.Errorf("lock file %s cannot be read: %w", l.Path(), err)
	}
	var f *File
	if err == nil {
		f, err = parse(text)
	}
	if err != nil {
		return nil, fmt.Errorf("lock file %s: %w: restore it, or remove it and write it anew with `%s`", l.Path(), err, l.Command())
	}
	return f, nil
}

// Bytes are the file's bytes as they are. What is no regular file is refused before it is read.
func (l Lock) Bytes() ([]byte, error) {
	text, err := regular.Read(l.Path(), maxBytes)
	return text, bare(err)
}

// bare is the cause without the path that the caller names.
func bare(err error) error {
	if pe, ok := errors.AsType[*fs.PathError](err); ok {
		return pe.Err
	}
	return err
}

// Write puts a file in place of the one before, whole and synced, or leaves that as it was.
func (l Lock) Write(f *File) error {
	if err := l.write(f.Text()); err != nil {
		return fmt.Errorf("write lock file %s: %w", l.Path(), bare(err))
	}
	return nil
}

func (l Lock) write(text []byte) error {
	tmp, err := os.CreateTemp(filepath.Dir(l.Path()), "."+Name+"-")
	if err != nil {
		return err
	}
	_, err = tmp.Write(text)
	if err == nil {
		err = errors.Join(tmp.Chmod(0o644), tmp.Sync())
	}
	if err = errors.Join(err, tmp.Close()); err == nil {
		err = os.Rename(tmp.Name(), l.Path())
	}
	if err != nil {
		_ = os.Remove(tmp.Name())
	}
	return err
}
