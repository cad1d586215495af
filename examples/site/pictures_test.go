package main

import (
	"context"
	"iter"
	"strings"
	"sync/atomic"
	"testing"

	"github.com/go-hotplug/hotplug/rpc"
	"github.com/go-hotplug/hotplug/rpc/rpctest"
	"github.com/go-hotplug/hotplug/sample-plugins/thumbnail/thumbnailapi"
)

func TestAPictureGoesToItsPluginInPiecesAndItsProgressIsShown(t *testing.T) {
	const frame = 16 << 20 // bytes, if a manifest does not say otherwise
	data := "\x89PNG" + strings.Repeat("x", frame)
	var widths []int
	peer, _ := rpctest.Pair(t, nil, []rpc.Handler{thumbnailapi.Upload.Handle(func(ctx context.Context, chunks iter.Seq2[thumbnailapi.Request, error]) (thumbnailapi.Thumbnail, error) {
		var size int
		for chunk, err := range chunks {
			if err != nil {
				return thumbnailapi.Thumbnail{}, err
			}
			if size == 0 {
				widths = append(widths, chunk.Width)
			}
			size += len(chunk.Data)
		}
		rpc.Report(ctx, rpc.Progress{Done: int64(size)})
		width := widths[len(widths)-1]
		return thumbnailapi.Thumbnail{Data: []byte("small"), Width: width, Original: thumbnailapi.Size{Width: 5000, Height: 10}}, nil
	})})
	p := projectOf(t, "a", files(t, map[string]string{"a.png": data}))
	var last atomic.Pointer[rpc.Progress]
	s := &shrinker{peer: peer, library: newLibrary([]*project{p}), pictures: map[string]*picture{}, report: func(name string, p rpc.Progress) { last.Store(&p) }}
	name := p.key + "/a.png"
	s.one(t.Context(), name)
	if len(s.notes) > 0 || s.pictures[name] == nil || len(s.pictures[name].small) != 2 || len(widths) != 2 || widths[0] != 640 || widths[1] != 1280 {
		t.Fatalf("notes %q, picture %+v of widths %v", s.notes, s.pictures[name], widths)
	}
	if got := last.Load(); got == nil || got.Done != int64(len(data)) {
		t.Errorf("last report %+v, want %d done", got, len(data))
	}
}
