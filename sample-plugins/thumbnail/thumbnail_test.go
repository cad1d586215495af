package main

import (
	"bytes"
	"context"
	"encoding/binary"
	"errors"
	"image"
	"image/color"
	"image/gif"
	"slices"
	"strings"
	"testing"
	"testing/synctest"

	"github.com/go-hotplug/hotplug/rpc"
	"github.com/go-hotplug/hotplug/sample-plugins/thumbnail/thumbnailapi"
)

func TestMakeReadsEachFormatAndWritesWhatIsAskedFor(t *testing.T) {
	m := halves(80, 40)
	for _, test := range []struct {
		name, format, want string
		data               []byte
	}{
		{"png", "", "image/png", pngOf(t, m)},
		{"gif", "", "image/png", gifOf(t, m)},
		{"jpeg", "", "image/jpeg", jpegOf(t, m, 0, nil)},
		{"png as jpeg", thumbnailapi.JPEG, "image/jpeg", pngOf(t, m)},
		{"jpeg as png", thumbnailapi.PNG, "image/png", jpegOf(t, m, 0, nil)},
	} {
		t.Run(test.name, func(t *testing.T) {
			got, small := mustMake(t, thumbnailapi.Request{Data: test.data, Width: 20, Format: test.format})
			if got.MediaType != test.want || got.Width != 20 || got.Height != 10 || got.Original != (thumbnailapi.Size{Width: 80, Height: 40}) {
				t.Errorf("%s of %d x %d out of %v", got.MediaType, got.Width, got.Height, got.Original)
			}
			if !near(small, 4, 5, red) || !near(small, 15, 5, blue) {
				t.Errorf("left %v, right %v", small.At(4, 5), small.At(15, 5))
			}
		})
	}
}

func TestMakeKeepsProportionsAndEnlargesNothing(t *testing.T) {
	for _, test := range []struct{ width, height, boxW, boxH, wantW, wantH int }{
		{400, 200, 100, 100, 100, 50},
		{200, 400, 100, 100, 50, 100},
		{400, 200, 100, 0, 100, 50},
		{400, 200, 0, 10, 20, 10},
		{400, 200, 0, 0, 400, 200},
		{3000, 20, 0, 0, 1600, 11},
		{30, 20, 100, 100, 30, 20},
		{3000, 1, 100, 100, 100, 1},
		{1, 3000, 100, 100, 1, 100},
		{1, 1, 1, 1, 1, 1},
	} {
		got, _ := mustMake(t, thumbnailapi.Request{Data: pngOf(t, image.NewGray(image.Rect(0, 0, test.width, test.height))), Width: test.boxW, Height: test.boxH})
		if got.Width != test.wantW || got.Height != test.wantH {
			t.Errorf("%d x %d in %d x %d: %d x %d, want %d x %d", test.width, test.height, test.boxW, test.boxH, got.Width, got.Height, test.wantW, test.wantH)
		}
	}
}

func TestMakeTurnsWhatACameraHeldSideways(t *testing.T) {
	// Where red and blue are once a picture with red on its left is turned, by the numbers of Exif.
	for turn, sides := range map[uint16]string{0: "left right", 1: "left right", 2: "right left", 3: "right left", 4: "left right",
		5: "top bottom", 6: "top bottom", 7: "bottom top", 8: "bottom top", 9: "left right"} {
		order := []binary.AppendByteOrder{binary.LittleEndian, binary.BigEndian}[turn%2]
		got, m := mustMake(t, thumbnailapi.Request{Data: jpegOf(t, halves(80, 32), turn, order), Width: 40, Height: 40})
		at := map[string]image.Point{"left": {2, got.Height / 2}, "right": {got.Width - 3, got.Height / 2}, "top": {got.Width / 2, 2}, "bottom": {got.Width / 2, got.Height - 3}}
		side := strings.Fields(sides)
		upright := slices.Contains(side, "top")
		if !near(m, at[side[0]].X, at[side[0]].Y, red) || !near(m, at[side[1]].X, at[side[1]].Y, blue) || upright != (got.Height == 40) || upright != (got.Original.Height == 80) {
			t.Errorf("orientation %d: %d x %d out of %v, red is not %s or blue not %s", turn, got.Width, got.Height, got.Original, side[0], side[1])
		}
	}
}

func TestApplyMovesEachCorner(t *testing.T) {
	m := image.NewNRGBA(image.Rect(0, 0, 3, 2))
	m.SetNRGBA(0, 0, red)
	for turn, want := range map[orientation]image.Point{1: {0, 0}, 2: {2, 0}, 3: {2, 1}, 4: {0, 1}, 5: {0, 0}, 6: {1, 0}, 7: {1, 2}, 8: {0, 2}} {
		if got := turn.apply(m); got.NRGBAAt(want.X, want.Y) != red || got.Rect.Size() != turn.size(image.Pt(3, 2)) {
			t.Errorf("orientation %d: size %v, red is not at %v", turn, got.Rect.Size(), want)
		}
	}
}

func TestMakeLetsTransparencyBeOrPutsItOnWhite(t *testing.T) {
	m := image.NewNRGBA(image.Rect(0, 0, 40, 40))
	if _, small := mustMake(t, thumbnailapi.Request{Data: pngOf(t, m), Width: 10}); !near(small, 5, 5, color.Transparent) {
		t.Errorf("PNG: %v", small.At(5, 5))
	}
	if _, small := mustMake(t, thumbnailapi.Request{Data: pngOf(t, m), Width: 10, Format: thumbnailapi.JPEG}); !near(small, 5, 5, color.White) {
		t.Errorf("JPEG: %v", small.At(5, 5))
	}
}

func TestMakeWritesGrayPicturesAsSuch(t *testing.T) {
	m := image.NewGray(image.Rect(0, 0, 40, 40))
	for i := range m.Pix {
		m.Pix[i] = byte(i)
	}
	if _, small := mustMake(t, thumbnailapi.Request{Data: pngOf(t, m), Width: 10}); small.ColorModel() != color.GrayModel {
		t.Errorf("gray became %T", small)
	}
	if _, small := mustMake(t, thumbnailapi.Request{Data: pngOf(t, halves(40, 40)), Width: 10}); small.ColorModel() == color.GrayModel {
		t.Error("colours became gray")
	}
}

func TestMakePutsAFrameThatIsSmallerIntoItsPlace(t *testing.T) {
	frame := image.NewPaletted(image.Rect(4, 4, 8, 8), color.Palette{red})
	var data bytes.Buffer
	must(t, gif.EncodeAll(&data, &gif.GIF{Image: []*image.Paletted{frame}, Delay: []int{0}, Config: image.Config{Width: 8, Height: 8, ColorModel: frame.Palette}}))
	got, m := mustMake(t, thumbnailapi.Request{Data: data.Bytes()})
	if got.Width != 8 || !near(m, 7, 7, red) || !near(m, 0, 0, color.Transparent) {
		t.Errorf("%d x %d, first %v, last %v", got.Width, got.Height, m.At(0, 0), m.At(7, 7))
	}
}

func TestMakeSaysWhatItRefuses(t *testing.T) {
	p, ok := connect(t), pngOf(t, halves(8, 8))
	for want, req := range map[string]thumbnailapi.Request{
		"data is empty":                        {},
		"at most 12582912 are read":            {Data: make([]byte, thumbnailapi.MaxData+1)},
		`neither PNG nor JPEG nor GIF: it beg`: {Data: []byte("<svg/>")},
		"read the size of the picture":         {Data: ok[:20]},
		"decode the png picture of 8 x 8":      {Data: ok[:len(ok)-20]},
		"50000 x 50000 pixels: at most":        {Data: claim(50_000, 50_000)},
		"dimension overflow":                   {Data: claim(1<<31-1, 1<<31-1)},
		"32769 x 1 pixels: at most":            {Data: claim(32_769, 1)},
		"the box is 1601 x 0 pixels":           {Data: ok, Width: 1601},
		"the box is 0 x -1 pixels":             {Data: ok, Height: -1},
		`format "webp" is not written`:         {Data: ok, Format: "webp"},
		"quality is 101":                       {Data: ok, Quality: 101},
	} {
		if _, err := thumbnailapi.Make.Call(t.Context(), p, req); !errors.Is(err, rpc.Invalid) || !strings.Contains(err.Error(), want) {
			t.Errorf("error %v, want Invalid with %q", err, want)
		}
	}
}

func TestOneLargePictureIsWorkedOnAtATime(t *testing.T) {
	data := claim(4000, 4000) // its decoding fails, once it comes to that
	synctest.Test(t, func(t *testing.T) {
		turn := largeTurns
		largeTurns = make(chan struct{}, 1) // of this bubble
		defer func() { largeTurns = turn }()
		largeTurns <- struct{}{}
		ctx, cancel := context.WithCancel(t.Context())
		ended := make(chan error, 1) // from the picture that waits
		go func() { _, err := thumbnail(ctx, thumbnailapi.Request{Data: data}, thumbnailapi.MaxData); ended <- err }()
		synctest.Wait()
		if len(ended) != 0 {
			t.Error("a second large picture did not wait")
		}
		cancel()
		if err := <-ended; !errors.Is(err, context.Canceled) {
			t.Errorf("error %v, want canceled", err)
		}
		<-largeTurns
		if _, err := thumbnail(t.Context(), thumbnailapi.Request{Data: data}, thumbnailapi.MaxData); !errors.Is(err, rpc.Invalid) || len(largeTurns) != 0 {
			t.Errorf("error %v, want Invalid; %d turns are taken, want 0", err, len(largeTurns))
		}
	})
}

func FuzzMake(f *testing.F) {
	m := halves(6, 4)
	f.Add(pngOf(f, m), 3, 0)
	f.Add(gifOf(f, m), 3, 3)
	f.Add(jpegOf(f, m, 6, binary.LittleEndian), 0, 2)
	f.Fuzz(func(t *testing.T, data []byte, width, height int) {
		if size, _, err := measure(data); err == nil && size.X*size.Y > 1<<20 {
			t.Skip("within the limits, and slow")
		}
		got, err := thumbnail(t.Context(), thumbnailapi.Request{Data: data, Width: width, Height: height}, thumbnailapi.MaxData)
		switch {
		case err != nil && !errors.Is(err, rpc.Invalid):
			t.Errorf("error %v, want Invalid", err)
		case err == nil && (got.Width < 1 || got.Height < 1 || width > 0 && got.Width > width || height > 0 && got.Height > height):
			t.Errorf("%d x %d in a box of %d x %d", got.Width, got.Height, width, height)
		}
	})
}
