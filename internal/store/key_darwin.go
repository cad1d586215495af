package store

import (
	"io/fs"
	"syscall"
	"time"
)

// keyTells says whether a key tells one state of a file from every other.
const keyTells = true

// key identifies a file in one state.
type key struct {
	dev, ino           uint64
	size, mtime, ctime int64 // times in nanoseconds
}

func keyOf(fi fs.FileInfo) key {
	st, ok := fi.Sys().(*syscall.Stat_t)
	if !ok {
		return key{}
	}
	return key{uint64(st.Dev), st.Ino, st.Size, st.Mtimespec.Nano(), st.Ctimespec.Nano()}
}

// changed is when the file was last changed, its mode and name included.
func (k key) changed() time.Time { return time.Unix(0, k.ctime) }
