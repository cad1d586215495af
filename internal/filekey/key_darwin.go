package filekey

import (
	"io/fs"
	"syscall"
	"time"
)

// Tells says whether a key tells one state of a file from every other.
const Tells = true

// A Key identifies a file in one state.
type Key struct {
	dev, ino           uint64
	size, mtime, ctime int64 // times in nanoseconds
}

// Of is the key of what fi describes; the zero Key if fi does not come from this system.
func Of(fi fs.FileInfo) Key {
	st, ok := fi.Sys().(*syscall.Stat_t)
	if !ok {
		return Key{}
	}
	return Key{uint64(st.Dev), st.Ino, st.Size, st.Mtimespec.Nano(), st.Ctimespec.Nano()}
}

// Changed is when the file was last changed, its mode and name included.
func (k Key) Changed() time.Time { return time.Unix(0, k.ctime) }

// Words are the key as numbers, for FromWords on the same system.
func (k Key) Words() [5]int64 {
	return [5]int64{int64(k.dev), int64(k.ino), k.size, k.mtime, k.ctime}
}

// FromWords is the key that Words was called on.
func FromWords(w [5]int64) Key { return Key{uint64(w[0]), uint64(w[1]), w[2], w[3], w[4]} }
