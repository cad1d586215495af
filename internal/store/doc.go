// Package store keeps the copies of plugins that are run, so that what runs is never the file in the
// plugins folder.
//
//	s, err := store.Open(filepath.Join(stateDir, "store"))
//	if err != nil {
//		return err
//	}
//	c, err := s.Put(ctx, store.Tree{Root: "plugins/greeter", Entry: "greeter"})
//	if err != nil {
//		return err
//	}
//	fmt.Println(c.Hash, filepath.Join(c.Dir, c.Entry)) // what to execute
//
// What holds:
//
//   - A copy is what its hash says. A copy that was altered in the store is noticed by the next Put,
//     before it is run, and made anew; one that is unaltered is reused.
//   - A copy appears whole or not at all: it is written beside, synced, and renamed into place. After an
//     error nothing of it stays.
//   - A copy is for this user alone, unless it was shared: then others may read and execute it.
//   - Files that change while they are copied are ErrChanged, after a few tries, never a mixture.
//   - A second Put of an unchanged tree reads no file: digests are remembered by device, inode, size,
//     modification time and change time; also by the next Store of the folder, if this one is told to
//     Save. (On Windows, which has no change time, files are read each time.) What is written through a
//     mapping of memory into a page that was dirty before moves none of these: CheckExactly goes by no
//     digest that is remembered.
//
// # The tree
//
// A tree is a folder, or one file alone, and what Tree.Select picks of it: at most MaxFiles files and
// MaxBytes bytes. A plugin.json at its top is not part of it. Files become mode 0400, or 0500 if anybody
// may execute the source; folders become 0700. Pipes, sockets and devices are refused by name. Empty
// folders are not kept. A file that is added to a copy alters it, too: a plugin that writes beside its own code
// (as some interpreters do to cache what they compiled) is copied again for each launch.
//
// A link stays a link, rewritten as the shortest relative path to what it finally leads to, which has to
// be in the tree and selected: programs that find their files through a link's real path keep working,
// and a copy never leads out of itself. A link that leads nowhere is left out (editors make such ones as
// locks).
//
// # The tree's hash
//
// The SHA-256, in lower-case hex, of one line for each file and link, sorted by path as bytes:
//
//	"path" mode size digest\n
//
// path is relative, with slashes, quoted as Go quotes a string; mode is x for an executable file, - for
// another, l for a link; size is in bytes; digest is the SHA-256 in hex of the content. Of a link, size and
// digest are those of the rewritten path.
package store
