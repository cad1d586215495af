package regular

import (
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
)

// A KindError says that something else lies where a regular file belongs.
type KindError struct {
	Found string // with its article, such as "a named pipe"
}

func (e *KindError) Error() string { return fmt.Sprintf("found %s, want a regular file", e.Found) }

// Open is os.OpenFile for regular files alone. It never waits for another process. The error is an *fs.PathError; of anything else
// than a regular file its cause is a *KindError.
func Open(path string, flag int, perm fs.FileMode) (*os.File, error) {
	info, err := os.Stat(path)
	if err == nil {
		err = check(path, info)
	}
	if err != nil && (flag&os.O_CREATE == 0 || !errors.Is(err, fs.ErrNotExist)) {
		return nil, err
	}
	f, err := os.OpenFile(path, flag|nonblock, perm)
	if err != nil {
		return nil, err
	}
	if info, err = f.Stat(); err == nil {
		err = check(path, info)
	}
	if err == nil {
		err = block(f)
	}
	if err != nil {
		_ = f.Close()
		return nil, err
	}
	return f, nil
}

// Read is os.ReadFile for a regular file of at most so many bytes. The error is an *fs.PathError, as that of Open.
func Read(path string, most int64) ([]byte, error) {
	f, err := Open(path, os.O_RDONLY, 0)
	if err != nil {
		return nil, err
	}
	defer func() { _ = f.Close() }()
	info, err := f.Stat()
	if err != nil {
		return nil, err
	}
	if info.Size() > most {
		return nil, tooLong(path, info.Size(), most)
	}
	text, err := io.ReadAll(io.LimitReader(f, most+1))
	if n := int64(len(text)); err == nil && n > most { // it grows
		return nil, tooLong(path, n, most)
	}
	return text, err
}

func tooLong(path string, size, most int64) error {
	return &fs.PathError{Op: "read", Path: path, Err: fmt.Errorf("found %d bytes, want at most %d", size, most)}
}

func check(path string, info fs.FileInfo) error {
	if info.Mode().IsRegular() {
		return nil
	}
	return &fs.PathError{Op: "open", Path: path, Err: &KindError{kind(info.Mode())}}
}

func kind(mode fs.FileMode) string {
	switch {
	case mode.IsDir():
		return "a folder"
	case mode&fs.ModeNamedPipe != 0:
		return "a named pipe"
	case mode&fs.ModeSocket != 0:
		return "a socket"
	case mode&fs.ModeDevice != 0:
		return "a device"
	}
	return "a special file"
}
