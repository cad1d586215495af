package thumbnailapi

import "github.com/go-hotplug/hotplug/rpc"

// Make scales a PNG, JPEG or GIF picture down into a box, with its proportions kept; one that fits is not enlarged. What cannot be
// read, is over one of the limits or asks for what there is not is rpc.Invalid, and the error says which.
//
// A JPEG is turned the way its Exif orientation says, and of a GIF the first frame is taken. The result holds no metadata.
const Make rpc.Query[Request, Thumbnail] = "thumbnail.make"

// Upload is Make for a file that comes in pieces, so that it may be larger than a frame. The first one says the box, and how large the file
// is; of the others only the data counts. Chunks makes them.
//
// Both report their progress: while an upload arrives, Done of Total bytes; then Note says what is done with the picture.
const Upload rpc.Upload[Request, Thumbnail] = "thumbnail.upload"

// Limits of a picture and of what is made of it.
const (
	MaxData   = 12 << 20   // bytes of the file that Make takes
	MaxUpload = 48 << 20   // bytes of the file that Upload takes
	Uploads   = 8          // at a time; further ones wait for their turn
	MaxPixels = 24_000_000 // of the picture: decoded, the worst kind of file takes some 500 MiB
	MaxLength = 32_768     // pixels of each side of the picture
	MaxSide   = 1600       // pixels of each side of the box
)

// The formats that are written.
const (
	PNG  = "png"
	JPEG = "jpeg"
)

// Request is a picture and the box that it is to fit in.
type Request struct {
	Data    []byte `json:"data"`              // the whole file; of Upload, a piece
	Size    int64  `json:"size,omitempty"`    // of Upload: bytes of the whole file; 0: not known
	Width   int    `json:"width,omitempty"`   // pixels; 0: MaxSide
	Height  int    `json:"height,omitempty"`  // pixels; 0: MaxSide
	Format  string `json:"format,omitempty"`  // PNG or JPEG, which has no transparency: white shines through; empty: JPEG for a JPEG, else PNG
	Quality int    `json:"quality,omitempty"` // of JPEG, 1 to 100; 0: 82
}

// Thumbnail is a small picture.
type Thumbnail struct {
	Data      []byte `json:"data"`
	MediaType string `json:"mediaType"` // image/png or image/jpeg
	Extension string `json:"extension"` // .png or .jpg
	Width     int    `json:"width"`     // pixels
	Height    int    `json:"height"`
	Original  Size   `json:"original"` // as it is seen, turned as its orientation says
}

// Size is that of a picture.
type Size struct {
	Width  int `json:"width"` // pixels
	Height int `json:"height"`
}
