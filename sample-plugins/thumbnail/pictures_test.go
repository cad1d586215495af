package main

import (
	"bytes"
	"encoding/binary"
	"hash/crc32"
	"image"
	"image/color"
	"image/gif"
	"image/jpeg"
	"image/png"
	"testing"

	"github.com/go-hotplug/hotplug/rpc"
	"github.com/go-hotplug/hotplug/rpc/rpctest"
	"github.com/go-hotplug/hotplug/sample-plugins/thumbnail/thumbnailapi"
)

var (
	red  = color.NRGBA{R: 255, A: 255}
	blue = color.NRGBA{B: 255, A: 255}
)

// halves is a picture whose left half is red and whose right half is blue.
func halves(width, height int) *image.NRGBA {
	m := image.NewNRGBA(image.Rect(0, 0, width, height))
	for y := range height {
		for x := range width {
			m.SetNRGBA(x, y, blue)
			if x < width/2 {
				m.SetNRGBA(x, y, red)
			}
		}
	}
	return m
}

func must(t testing.TB, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

func pngOf(t testing.TB, m image.Image) []byte {
	var out bytes.Buffer
	must(t, png.Encode(&out, m))
	return out.Bytes()
}

func gifOf(t testing.TB, m image.Image) []byte {
	var out bytes.Buffer
	must(t, gif.Encode(&out, m, nil))
	return out.Bytes()
}

// jpegOf is a JPEG with an orientation; 0: it has no Exif.
func jpegOf(t testing.TB, m image.Image, turn uint16, order binary.AppendByteOrder) []byte {
	var out bytes.Buffer
	must(t, jpeg.Encode(&out, m, &jpeg.Options{Quality: 95}))
	if turn == 0 {
		return out.Bytes()
	}
	tiff := []byte("II*\x00")
	if order == binary.AppendByteOrder(binary.BigEndian) {
		tiff = []byte("MM\x00*")
	}
	tiff = order.AppendUint32(tiff, 8)
	tiff = order.AppendUint16(tiff, 2) // fields: the maker is the first
	tiff = append(order.AppendUint32(order.AppendUint16(order.AppendUint16(tiff, 0x010F), 2), 2), 'a', 0, 0, 0)
	tiff = order.AppendUint16(order.AppendUint32(order.AppendUint16(order.AppendUint16(tiff, tagOrient), typeShort), 1), turn)
	tiff = append(tiff, 0, 0, 0, 0, 0, 0)
	segment := binary.BigEndian.AppendUint16([]byte{0xFF, markerApp1}, uint16(2+6+len(tiff)))
	segment = append(append(segment, "Exif\x00\x00"...), tiff...)
	return append(append([]byte{0xFF, markerStart}, segment...), out.Bytes()[2:]...)
}

// claim is a PNG that says it has that size, and ends there.
func claim(width, height uint32) []byte {
	chunk := binary.BigEndian.AppendUint32(binary.BigEndian.AppendUint32([]byte("IHDR"), width), height)
	chunk = append(chunk, 8, 6, 0, 0, 0)
	head := append([]byte("\x89PNG\r\n\x1a\n\x00\x00\x00\x0d"), chunk...)
	return binary.BigEndian.AppendUint32(head, crc32.ChecksumIEEE(chunk))
}

func connect(t testing.TB) rpc.Peer {
	t.Helper()
	p, _ := rpctest.Pair(t, nil, handlers())
	return p
}

// mustMake makes a thumbnail and decodes it.
func mustMake(t testing.TB, req thumbnailapi.Request) (thumbnailapi.Thumbnail, image.Image) {
	t.Helper()
	got, err := thumbnailapi.Make.Call(t.Context(), connect(t), req)
	must(t, err)
	m, format, err := image.Decode(bytes.NewReader(got.Data))
	must(t, err)
	if size := m.Bounds().Size(); size != image.Pt(got.Width, got.Height) || "image/"+format != got.MediaType {
		t.Errorf("it is %s of %v, and is said to be %s of %d x %d", format, size, got.MediaType, got.Width, got.Height)
	}
	return got, m
}

// near reports that a pixel has about that colour: JPEG is not exact.
func near(m image.Image, x, y int, want color.Color) bool {
	r, g, b, a := m.At(x, y).RGBA()
	wr, wg, wb, wa := want.RGBA()
	for _, d := range [][2]uint32{{r, wr}, {g, wg}, {b, wb}, {a, wa}} {
		if max(d[0], d[1])-min(d[0], d[1]) > 0x1800 {
			return false
		}
	}
	return true
}
