package thumbnailapi

import (
	"iter"
	"slices"
)

const chunkSize = 256 << 10 // bytes: well below the limit of a frame, and of what may be on its way in a stream

// Chunks cuts a request into pieces for Upload.
func Chunks(req Request) iter.Seq2[Request, error] {
	return func(yield func(Request, error) bool) {
		next := req // the first one says what is wanted
		next.Size = int64(len(req.Data))
		for next.Data = range slices.Chunk(req.Data, chunkSize) {
			if !yield(next, nil) {
				return
			}
			next = Request{}
		}
	}
}
