package main

import (
	"bytes"
	"errors"
	"image"
	"image/png"
	"iter"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"

	"github.com/go-hotplug/hotplug/rpc"
	"github.com/go-hotplug/hotplug/sample-plugins/thumbnail/thumbnailapi"
)

// noise is a PNG that is as large as its pixels are many.
func noise(t testing.TB, width, height int) []byte {
	t.Helper()
	m := image.NewGray(image.Rect(0, 0, width, height))
	random := rand.NewChaCha8([32]byte{})
	_, err := random.Read(m.Pix)
	must(t, err)
	var out bytes.Buffer
	encoder := png.Encoder{CompressionLevel: png.NoCompression}
	must(t, encoder.Encode(&out, m))
	return out.Bytes()
}

func TestAPictureThatIsLargerThanAFrameIsUploaded(t *testing.T) {
	const frame = 16 << 20 // bytes, if a manifest does not say otherwise
	data := noise(t, 4200, 4200)
	if len(data) <= frame {
		t.Fatalf("the picture is %d bytes: it fits a frame", len(data))
	}
	var reports []rpc.Progress
	ctx := rpc.OnProgress(t.Context(), func(p rpc.Progress) { reports = append(reports, p) })
	got, err := thumbnailapi.Upload.Call(ctx, connect(t), thumbnailapi.Chunks(thumbnailapi.Request{Data: data, Width: 100}))
	if err != nil || got.Width != 100 || got.Original != (thumbnailapi.Size{Width: 4200, Height: 4200}) {
		t.Errorf("%d x %d out of %v, %v", got.Width, got.Height, got.Original, err)
	}
	if len(reports) == 0 || reports[len(reports)-1].Note != "encoding" {
		t.Errorf("reports %+v: the last one is of the last step", reports)
	}
	arriving := func(p rpc.Progress) bool { return p.Done > 0 && p.Done <= p.Total && p.Total == int64(len(data)) }
	if !slices.ContainsFunc(reports, arriving) {
		t.Errorf("reports %+v: none says how much has arrived", reports)
	}
}

func TestUploadAndMakeGiveTheSame(t *testing.T) {
	req := thumbnailapi.Request{Data: noise(t, 700, 600), Width: 30, Format: thumbnailapi.JPEG}
	p := connect(t)
	made, err := thumbnailapi.Make.Call(t.Context(), p, req)
	must(t, err)
	for range thumbnailapi.Chunks(req) {
		break // what one range has seen is nothing to the next
	}
	uploaded, err := thumbnailapi.Upload.Call(t.Context(), p, thumbnailapi.Chunks(req))
	must(t, err)
	if !bytes.Equal(made.Data, uploaded.Data) || made.Original != uploaded.Original {
		t.Errorf("%d bytes of %v and %d bytes of %v", len(made.Data), made.Original, len(uploaded.Data), uploaded.Original)
	}
}

// endless says that the file has a size, and never ends.
func endless(size int64) iter.Seq2[thumbnailapi.Request, error] {
	return func(yield func(thumbnailapi.Request, error) bool) {
		for yield(thumbnailapi.Request{Data: make([]byte, 1<<20), Size: size}, nil) {
		}
	}
}

func TestAnUploadThatIsTooLargeIsRefusedBeforeItHasArrived(t *testing.T) {
	for _, size := range []int64{0, thumbnailapi.MaxUpload + 1} {
		_, err := thumbnailapi.Upload.Call(t.Context(), connect(t), endless(size))
		if !errors.Is(err, rpc.Invalid) || !strings.Contains(err.Error(), "at most 50331648 are read") {
			t.Errorf("said to be %d bytes: %v", size, err)
		}
	}
}

func TestAnUploadOfNothingIsRefused(t *testing.T) {
	_, err := thumbnailapi.Upload.Call(t.Context(), connect(t), thumbnailapi.Chunks(thumbnailapi.Request{Width: 10}))
	if !errors.Is(err, rpc.Invalid) || !strings.Contains(err.Error(), "data is empty") {
		t.Errorf("error %v, want Invalid", err)
	}
}
