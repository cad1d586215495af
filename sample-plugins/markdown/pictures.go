package main

import (
	"bytes"
	"context"
	"encoding/base64"
	"errors"
	"image"
	_ "image/gif" // the formats whose size can be told
	_ "image/jpeg"
	_ "image/png"
	"strconv"

	"github.com/go-hotplug/hotplug/rpc"
	"github.com/go-hotplug/hotplug/sample-plugins/hostapi"
)

const (
	maxPictures = 64       // images of one document that are read
	maxInline   = 8 << 10  // bytes of an image that becomes part of the page
	readAhead   = 64 << 10 // bytes of any image that are read: its size stands at the beginning
)

// A picture is what is known of an image of the site.
type picture struct {
	inline        string // data: address; empty if the image is too large
	width, height int    // pixels; 0: not known
}

// pictures reads the images of the page that lie in the site, by their address.
func (p *page) pictures(ctx context.Context, tags []*tag, targets map[string]*target) (map[string]*picture, error) {
	found := map[string]*picture{}
	for _, t := range tags {
		to := targets[t.address()]
		if t.name != "img" || to == nil || to.path == "" || to.broken || found[t.address()] != nil {
			continue
		}
		if len(found) == maxPictures {
			p.warn("only the first %d images are read", maxPictures)
			break
		}
		asset, err := hostapi.ReadAsset.Call(ctx, p.host, hostapi.AssetRequest{Path: to.path, Limit: readAhead})
		switch {
		case ctx.Err() != nil:
			return nil, ctx.Err()
		case errors.Is(err, rpc.NotFound):
			to.broken = true
		case err != nil && absent(err):
			return found, nil
		case err != nil:
			p.warn("image %s: %v", to.path, err)
		}
		found[t.address()] = look(asset)
	}
	return found, nil
}

// look makes a picture of an asset; of none, an empty one.
func look(asset hostapi.Asset) *picture {
	pic := &picture{}
	if size, _, err := image.DecodeConfig(bytes.NewReader(asset.Data)); err == nil {
		pic.width, pic.height = size.Width, size.Height
	}
	whole := asset.Size == int64(len(asset.Data))
	if whole && asset.Size > 0 && asset.Size <= maxInline && isImage(asset.MediaType) {
		pic.inline = "data:" + asset.MediaType + ";base64," + base64.StdEncoding.EncodeToString(asset.Data)
	}
	return pic
}

// isImage lists the types that are safe in an <img>, where an SVG runs no script.
func isImage(mediaType string) bool {
	switch mediaType {
	case "image/png", "image/jpeg", "image/gif", "image/webp", "image/svg+xml":
		return true
	}
	return false
}

// fill puts what is known into a tag. A size that the author chose stays.
func (pic *picture) fill(t *tag) {
	if pic.inline != "" {
		t.set("src", pic.inline)
	}
	if pic.width > 0 && pic.height > 0 && t.get("width") == "" && t.get("height") == "" {
		t.set("width", strconv.Itoa(pic.width))
		t.set("height", strconv.Itoa(pic.height))
	}
}
