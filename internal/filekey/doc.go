// Package filekey tells one state of a file from another without reading it.
//
//	before := filekey.Of(info)
//	// ...
//	if filekey.Of(again) != before {
//		// it was written, replaced, or its mode or name was changed
//	}
//
// A key is made of device, inode, size, modification time and change time, as far as the system has them; Tells says
// whether that is enough to go by. A program can set a file's modification time back, not its change time. Two changes
// within one tick of the file system's clock leave the same times behind: a key counts only when the file's last
// change lies further back than a tick.
package filekey
