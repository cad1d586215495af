package main

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"maps"
	"path"
	"slices"
	"strings"
	"sync"

	"github.com/go-hotplug/hotplug/rpc"
	"github.com/go-hotplug/hotplug/sample-plugins/thumbnail/thumbnailapi"
)

const (
	picturesDir = "_site/pictures" // no project's folder begins with an underscore
	minPicture  = 48 << 10         // bytes of a file below which it stays as it is
	worthwhile  = 80               // percent of the file that a smaller picture has at most
)

// widths of the pictures that are made, in pixels: that of a telephone, and that of a page where a pixel of its layout is two of the screen.
var widths = []int{640, 1280}

// A picture is a file of the site that pages show smaller than it is.
type picture struct {
	Width, Height int // pixels of the file
	size          int
	small         []smallPicture // narrower ones first
}

// A smallPicture is made of a picture.
type smallPicture struct {
	file  string // from the site's root
	width int
	data  []byte
}

// A shrinker has pictures made smaller by calls to a plugin. Its method one may be called concurrently.
type shrinker struct {
	peer    rpc.Peer
	library *library
	memory  *memory                           // nil: every picture is made
	by      maker                             // who makes them
	report  func(name string, p rpc.Progress) // told how far a picture is; may be called concurrently

	mu       sync.Mutex // guards what follows; never held while calling out
	pictures map[string]*picture
	uploaded int64 // bytes that the plugin took
	notes    []string
}

// candidates are the files that pages show and that may be worth it, by the names that plugins know. A GIF is left alone: it may move.
func (l *library) candidates(pages []*page) []string {
	found := map[string]bool{}
	for _, p := range pages {
		for _, link := range p.doc.Links {
			switch strings.ToLower(path.Ext(link.Path)) {
			case ".png", ".jpg", ".jpeg":
				if !link.Broken && p.err == nil && l.sizeOf(link.Path) >= minPicture {
					found[link.Path] = true
				}
			}
		}
	}
	return slices.Sorted(maps.Keys(found))
}

// one makes smaller pictures of a file. One that cannot be made smaller is shown as it is.
func (s *shrinker) one(ctx context.Context, name string) {
	made, err := s.shrink(ctx, name)
	s.mu.Lock()
	defer s.mu.Unlock()
	switch {
	case err != nil:
		s.notes = append(s.notes, fmt.Sprintf("picture %s is as large as it was: %v", s.library.place(name), err))
	case len(made.small) > 0:
		s.pictures[name] = made
	}
}

func (s *shrinker) shrink(ctx context.Context, name string) (*picture, error) {
	data, err := s.library.contents(name, thumbnailapi.MaxUpload)
	if err != nil {
		return nil, err
	}
	if !bytes.HasPrefix(data, []byte("\x89PNG")) && !bytes.HasPrefix(data, []byte("\xFF\xD8\xFF")) {
		return nil, errors.New("it is neither PNG nor JPEG, whatever it is called") // not worth a call that fails
	}
	sum := sha256.Sum256(data)
	return s.memory.picture(sum, s.by, func() (*picture, error) { return s.made(ctx, name, data, hex.EncodeToString(sum[:8])) })
}

// made has the plugin make smaller ones; their files are named after the content.
func (s *shrinker) made(ctx context.Context, name string, data []byte, content string) (*picture, error) {
	made := &picture{size: len(data)}
	ctx = rpc.OnProgress(ctx, func(p rpc.Progress) { s.report(name, p) })
	for _, width := range widths {
		small, err := thumbnailapi.Upload.Call(ctx, s.peer, thumbnailapi.Chunks(thumbnailapi.Request{Data: data, Width: width}))
		if err != nil {
			return nil, err
		}
		s.count(len(data))
		made.Width, made.Height = small.Original.Width, small.Original.Height
		if len(small.Data)*100 <= len(data)*worthwhile {
			file := path.Join(picturesDir, fmt.Sprintf("%s-%d%s", content, small.Width, extension(small)))
			made.small = append(made.small, smallPicture{file, small.Width, small.Data})
		}
		if small.Width == made.Width || small.Width < width { // the next one would be the same
			break
		}
	}
	return made, nil
}

func (s *shrinker) count(uploaded int) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.uploaded += int64(uploaded)
}

// extension does not take the plugin's word for the end of a file's name.
func extension(t thumbnailapi.Thumbnail) string {
	if t.MediaType == "image/jpeg" {
		return ".jpg"
	}
	return ".png"
}

// write puts the small pictures into the site. Two files with the same content have theirs in common.
func (s *shrinker) write(o *output) error {
	written := map[string]bool{}
	for _, name := range slices.Sorted(maps.Keys(s.pictures)) {
		for _, small := range s.pictures[name].small {
			if written[small.file] {
				continue
			}
			written[small.file] = true
			if err := o.write(small.file, func(w io.Writer) error { _, err := w.Write(small.data); return err }); err != nil {
				return err
			}
		}
	}
	return nil
}

// saved is how many bytes a reader of all pictures saves at least.
func (s *shrinker) saved() (n int64) {
	for _, p := range s.pictures {
		n += int64(p.size - len(p.small[len(p.small)-1].data))
	}
	return n
}

// sizeOf is the size of a file of the site in bytes; 0 if there is none.
func (l *library) sizeOf(name string) int64 {
	root, file, err := l.stat(name)
	if err != nil {
		return 0
	}
	info, err := root.Stat(file)
	if err != nil {
		return 0
	}
	return info.Size()
}

// contents are those of a file of the site.
func (l *library) contents(name string, limit int64) ([]byte, error) {
	f, info, err := l.open(name)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	if info.Size() > limit {
		return nil, fmt.Errorf("it is %d bytes: at most %d are made smaller", info.Size(), limit)
	}
	var data bytes.Buffer
	if _, err := data.ReadFrom(io.LimitReader(f, limit)); err != nil {
		return nil, errors.New("it cannot be read")
	}
	return data.Bytes(), nil
}
