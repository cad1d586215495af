package main

import (
	"context"
	"iter"

	"github.com/go-hotplug/hotplug/rpc"
	"github.com/go-hotplug/hotplug/sample-plugins/thumbnail/thumbnailapi"
)

func upload(ctx context.Context, chunks iter.Seq2[thumbnailapi.Request, error]) (thumbnailapi.Thumbnail, error) {
	req, err := gather(ctx, chunks)
	if err != nil {
		return thumbnailapi.Thumbnail{}, err
	}
	return thumbnail(ctx, req, thumbnailapi.MaxUpload)
}

// gather puts the pieces of a file together. What is too large is refused before it has arrived: the caller then stops.
func gather(ctx context.Context, chunks iter.Seq2[thumbnailapi.Request, error]) (req thumbnailapi.Request, err error) {
	begun := false
	var data []byte
	for chunk, err := range chunks {
		if err != nil {
			return req, err
		}
		if !begun {
			begun, req = true, chunk
		}
		data = append(data, chunk.Data...)
		if size := max(req.Size, int64(len(data))); size > thumbnailapi.MaxUpload {
			return req, tooLarge(size, thumbnailapi.MaxUpload)
		}
		rpc.Report(ctx, rpc.Progress{Done: int64(len(data)), Total: req.Size})
	}
	req.Data = data
	return req, nil
}

func tooLarge(size, most int64) error {
	return rpc.Errorf(rpc.Invalid, "the picture is %d bytes: at most %d are read", size, most)
}
