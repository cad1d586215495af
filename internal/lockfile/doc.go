// Package lockfile is plugins.lock: which plugins somebody has looked at and accepted, by what they hash to, so that a host runs nothing else.
// It must never know processes, who enforces it, or how it is shown.
//
//	lock := lockfile.Lock{Folders: []string{"plugins"}}
//	now, left, err := lock.Collect(ctx)
//	if err != nil {
//		return err
//	}
//	for _, plugin := range left {
//		fmt.Println(plugin.Err) // what could not be locked
//	}
//	return lock.Write(now)
//
// What holds:
//
//   - The same folders give the same bytes, whatever the order in which they are read.
//   - What a lock says of files is what internal/store says of the copy that is run: [Tree] tells the store what a plugin consists of,
//     for this package and for the host.
//   - A file is written whole or not at all, and one that is torn, or of another version, is an error, never an empty lock.
package lockfile
