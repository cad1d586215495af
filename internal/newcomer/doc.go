// Package newcomer is somebody who has Go and nothing else, and follows a document: an empty home, empty folders, and this checkout as
// the latest release of hotplug.
//
//	root, _ := filepath.Abs(".")
//	n, err := newcomer.New(dir, root, cache)
//	if err != nil {
//		return err
//	}
//	said, err := n.Do(ctx, step)
//
// The release is served from a folder, in the form of a Go module proxy, and other modules from the module cache of who runs this, as far
// as they are there; checksums are those of go.sum alone. All that is written stays below one folder. Needs a POSIX shell and the go
// command; a Newcomer is not safe for concurrent use.
package newcomer
