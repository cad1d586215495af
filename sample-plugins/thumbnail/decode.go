package main

import (
	"bytes"
	"errors"
	"image"
	_ "image/gif" // the formats that are read
	_ "image/jpeg"
	_ "image/png"

	"golang.org/x/image/draw"

	"github.com/go-hotplug/hotplug/rpc"
	"github.com/go-hotplug/hotplug/sample-plugins/thumbnail/thumbnailapi"
)

// measure tells size and format of a picture that is within the limits. Nothing is allocated for its pixels.
func measure(data []byte) (image.Point, string, error) {
	size, format, err := image.DecodeConfig(bytes.NewReader(data))
	switch {
	case errors.Is(err, image.ErrFormat):
		return image.Point{}, "", rpc.Errorf(rpc.Invalid, "the picture is neither PNG nor JPEG nor GIF: it begins with %.8q", data)
	case err != nil:
		return image.Point{}, "", rpc.Errorf(rpc.Invalid, "read the size of the picture: %w", err)
	case size.Width < 1 || size.Height < 1:
		return image.Point{}, "", rpc.Errorf(rpc.Invalid, "the %s picture is %d x %d pixels: there is nothing to see", format, size.Width, size.Height)
	case max(size.Width, size.Height) > thumbnailapi.MaxLength || size.Width*size.Height > thumbnailapi.MaxPixels:
		return image.Point{}, "", rpc.Errorf(rpc.Invalid, "the %s picture is %d x %d pixels: at most %d are decoded, and %d in a row or column",
			format, size.Width, size.Height, thumbnailapi.MaxPixels, thumbnailapi.MaxLength)
	}
	return image.Pt(size.Width, size.Height), format, nil
}

// decode reads a picture that has been measured.
func decode(data []byte, size image.Point) (image.Image, error) {
	picture, _, err := image.Decode(bytes.NewReader(data))
	if err != nil {
		return nil, err
	}
	return whole(picture, image.Rectangle{Max: size}), nil
}

// whole puts the first frame of a GIF, which may be a part of the picture, into its place.
func whole(frame image.Image, bounds image.Rectangle) image.Image {
	if frame.Bounds() == bounds {
		return frame
	}
	canvas := image.NewNRGBA(bounds)
	draw.Draw(canvas, frame.Bounds(), frame, frame.Bounds().Min, draw.Src)
	return canvas
}
