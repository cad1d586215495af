package main

import (
	"cmp"
	"context"
	"image"
	"runtime"

	"golang.org/x/image/draw"

	"github.com/go-hotplug/hotplug/rpc"
	"github.com/go-hotplug/hotplug/sample-plugins/thumbnail/thumbnailapi"
)

const large = 4_000_000 // pixels from which a picture takes so much memory that it is worked on alone

// Each holds a token for each picture that is being worked on; they are as long as there may be such pictures.
var (
	smallTurns = make(chan struct{}, runtime.GOMAXPROCS(0))
	largeTurns = make(chan struct{}, 1)
)

// thumbnail makes one of a file of at most so many bytes.
func thumbnail(ctx context.Context, req thumbnailapi.Request, most int64) (thumbnailapi.Thumbnail, error) {
	if err := check(req, most); err != nil {
		return thumbnailapi.Thumbnail{}, err
	}
	size, format, err := measure(req.Data)
	if err != nil {
		return thumbnailapi.Thumbnail{}, err
	}
	turns := smallTurns
	if size.X*size.Y >= large {
		turns = largeTurns
	}
	select {
	case turns <- struct{}{}:
		defer func() { <-turns }()
	case <-ctx.Done():
		return thumbnailapi.Thumbnail{}, ctx.Err()
	}
	return shrink(ctx, req, size, format)
}

// shrink decodes, scales, turns and encodes a picture of that size. Between the steps it looks whether anybody still waits.
func shrink(ctx context.Context, req thumbnailapi.Request, size image.Point, format string) (thumbnailapi.Thumbnail, error) {
	rpc.Report(ctx, rpc.Progress{Note: "decoding"})
	picture, err := decode(req.Data, size)
	if err != nil {
		return thumbnailapi.Thumbnail{}, rpc.Errorf(rpc.Invalid, "decode the %s picture of %d x %d pixels: %w", format, size.X, size.Y, err)
	}
	if ctx.Err() != nil {
		return thumbnailapi.Thumbnail{}, ctx.Err()
	}
	turn := orientation(1)
	if format == thumbnailapi.JPEG {
		turn = orientationOf(req.Data)
	}
	rpc.Report(ctx, rpc.Progress{Note: "scaling"})
	original := turn.size(size)
	small := turn.apply(scale(picture, turn.size(fit(original, req))))
	if ctx.Err() != nil {
		return thumbnailapi.Thumbnail{}, ctx.Err()
	}
	rpc.Report(ctx, rpc.Progress{Note: "encoding"})
	out, err := encode(small, cmp.Or(req.Format, format), cmp.Or(req.Quality, defaultQuality))
	out.Original = thumbnailapi.Size{Width: original.X, Height: original.Y}
	return out, err
}

// check refuses what can be refused without a look at the picture.
func check(req thumbnailapi.Request, most int64) error {
	const side = thumbnailapi.MaxSide
	switch {
	case len(req.Data) == 0:
		return rpc.Errorf(rpc.Invalid, "there is no picture: data is empty")
	case int64(len(req.Data)) > most:
		return tooLarge(int64(len(req.Data)), most)
	case req.Width < 0 || req.Width > side || req.Height < 0 || req.Height > side:
		return rpc.Errorf(rpc.Invalid, "the box is %d x %d pixels: each side has from 1 to %d, or 0 for %[3]d", req.Width, req.Height, side)
	case req.Format != "" && req.Format != thumbnailapi.PNG && req.Format != thumbnailapi.JPEG:
		return rpc.Errorf(rpc.Invalid, "format %q is not written: choose %s or %s", req.Format, thumbnailapi.PNG, thumbnailapi.JPEG)
	case req.Quality < 0 || req.Quality > 100:
		return rpc.Errorf(rpc.Invalid, "quality is %d: expected 1 to 100, or 0 for %d", req.Quality, defaultQuality)
	}
	return nil
}

// fit is the size of the largest picture of these proportions in the box, at least a pixel each way, and not larger than it was.
func fit(size image.Point, req thumbnailapi.Request) image.Point {
	width := min(cmp.Or(req.Width, thumbnailapi.MaxSide), size.X)
	height := min(cmp.Or(req.Height, thumbnailapi.MaxSide), size.Y)
	if width*size.Y < height*size.X {
		return image.Pt(width, max(1, (width*size.Y+size.X/2)/size.X))
	}
	return image.Pt(max(1, (height*size.X+size.Y/2)/size.Y), height)
}

// scale returns a picture of that size.
func scale(picture image.Image, size image.Point) *image.NRGBA {
	small := image.NewNRGBA(image.Rectangle{Max: size})
	if size == picture.Bounds().Size() {
		draw.Draw(small, small.Rect, picture, picture.Bounds().Min, draw.Src)
	} else {
		draw.CatmullRom.Scale(small, small.Rect, picture, picture.Bounds(), draw.Src, nil)
	}
	return small
}
