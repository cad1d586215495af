package main

import (
	"bytes"
	"image"
	"image/jpeg"
	"image/png"

	"golang.org/x/image/draw"

	"github.com/go-hotplug/hotplug/rpc"
	"github.com/go-hotplug/hotplug/sample-plugins/thumbnail/thumbnailapi"
)

const defaultQuality = 82

// encode writes a picture as JPEG, or as PNG for any other format.
func encode(picture *image.NRGBA, format string, quality int) (thumbnailapi.Thumbnail, error) {
	out := thumbnailapi.Thumbnail{MediaType: "image/png", Extension: ".png", Width: picture.Rect.Dx(), Height: picture.Rect.Dy()}
	var data bytes.Buffer
	var err error
	if format == thumbnailapi.JPEG {
		out.MediaType, out.Extension = "image/jpeg", ".jpg"
		err = jpeg.Encode(&data, onWhite(picture), &jpeg.Options{Quality: quality})
	} else {
		err = (&png.Encoder{CompressionLevel: png.BestCompression}).Encode(&data, gray(picture))
	}
	if err != nil {
		return thumbnailapi.Thumbnail{}, rpc.Errorf(rpc.Internal, "encode %s of %d x %d pixels: %w", out.MediaType, out.Width, out.Height, err)
	}
	out.Data = data.Bytes()
	return out, nil
}

// gray is a picture with a byte for each pixel if that is enough.
func gray(picture *image.NRGBA) image.Image {
	small := image.NewGray(picture.Rect)
	for i := range small.Pix {
		p := picture.Pix[4*i : 4*i+4]
		if p[0] != p[1] || p[1] != p[2] || p[3] != 0xFF {
			return picture
		}
		small.Pix[i] = p[0]
	}
	return small
}

// onWhite is a picture without transparency.
func onWhite(picture *image.NRGBA) image.Image {
	if picture.Opaque() {
		return picture
	}
	paper := image.NewRGBA(picture.Rect)
	draw.Draw(paper, paper.Rect, image.White, image.Point{}, draw.Src)
	draw.Draw(paper, paper.Rect, picture, picture.Rect.Min, draw.Over)
	return paper
}
