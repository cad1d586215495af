package store

import (
	"errors"
	"fmt"
	"io/fs"

	"golang.org/x/sys/windows"
)

// permsCount says whether a file's mode bits mean anything.
const permsCount = false

// openNonblock keeps an open from waiting for the writer of a named pipe; Windows has none in folders.
const openNonblock = 0

// ownerOf is the user that a file belongs to, which Windows does not say as a number.
func ownerOf(fs.FileInfo) (uid int, ok bool) { return 0, false }

// syncPath does nothing: Windows syncs only files that are open for writing. A copy that a power cut left
// torn is noticed by its digest before it is run.
func syncPath(string) error { return nil }

// explain says what to do about an error of writing in the store.
func explain(dir string, err error) error {
	if errors.Is(err, windows.ERROR_DISK_FULL) {
		return fmt.Errorf("no space is left for copies of plugins in folder %s: free some, "+
			"or set another state folder (host.Config.StateDir): %w", dir, err)
	}
	return err
}
