// Package regular opens files that lie where others may write, and keeps nobody waiting.
//
//	text, err := regular.Read(path, 1<<20)
//	if kind, ok := errors.AsType[*regular.KindError](err); ok {
//		// kind.Found lies there, such as "a named pipe"
//	}
//
// A plain open of a named pipe waits for its other end, and reading a device may never end. What is not a regular file, or
// does not lead to one, is refused: before it is opened, since opening some devices does something, and once more when it is
// open, since it may have been put there in between. Everything here may be called concurrently.
package regular
