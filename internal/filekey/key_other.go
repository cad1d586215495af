//go:build !linux && !darwin

package filekey

import (
	"io/fs"
	"time"
)

// Tells says whether a key tells one state of a file from every other. Without a change time it does
// not, and no digest is remembered; it still tells most changes during a copy.
const Tells = false

// A Key identifies a file in one state, as far as this system tells.
type Key struct{ size, mtime int64 }

// Of is the key of what fi describes.
func Of(fi fs.FileInfo) Key { return Key{fi.Size(), fi.ModTime().UnixNano()} }

// Changed is when the content was last changed.
func (k Key) Changed() time.Time { return time.Unix(0, k.mtime) }

// Words are the key as numbers, for FromWords on the same system.
func (k Key) Words() [2]int64 { return [2]int64{k.size, k.mtime} }

// FromWords is the key that Words was called on.
func FromWords(w [2]int64) Key { return Key{w[0], w[1]} }
