package main

import (
	"context"
	"crypto/sha256"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"time"

	"github.com/go-hotplug/hotplug/rpc"
	"github.com/go-hotplug/hotplug/sample-plugins/markdown/markdownapi"
)

// A renderer renders pages by calls to a plugin.
type renderer struct {
	peer    rpc.Peer
	extras  []extra
	memory  *memory // nil: everything is rendered
	makers  makers  // who renders
	library *library
	jobs    int           // pages at once
	timeout time.Duration // for one page
	done    func(*page)   // told of each page that is rendered or has failed; may be called concurrently
}

// all renders pages and returns when each one has its document or its error. It ends early with ctx.
func (r *renderer) all(ctx context.Context, pages []*page) error {
	return each(ctx, r.jobs, pages, func(p *page) {
		p.err = r.one(ctx, p)
		r.done(p)
	})
}

func (r *renderer) one(ctx context.Context, p *page) error {
	ctx, cancel := context.WithTimeout(ctx, r.timeout)
	defer cancel()
	source, err := p.read()
	if err != nil {
		return err
	}
	p.source, p.sum = len(source), sha256.Sum256(source)
	if p.why = r.memory.recall(p, r.makers, r.library); p.why == "" {
		return nil
	}
	p.doc, err = markdownapi.Render.Call(ctx, r.peer, markdownapi.RenderRequest{Name: p.name(), Source: string(source)})
	if err != nil {
		return errors.New(p.Project.readable(err.Error()))
	}
	p.Broken, p.notes = rendererSays(p.doc), p.doc.Warnings
	p.sign(r.makers)
	for _, extra := range r.extras {
		if err := extra.fill(ctx, p, string(source)); err != nil {
			p.note(err)
			p.doubt(extra.plugin)
		}
	}
	if r.library != nil {
		p.needs = r.library.needs(p)
	}
	return nil
}

// note keeps what went wrong and leaves the page in the site.
func (p *page) note(err error) {
	if err != nil {
		p.notes = append(p.notes, err.Error())
	}
}

// read returns the page's source. What the plugin would refuse for its size is not even read.
func (p *page) read() ([]byte, error) {
	f, err := p.Project.root.Open(p.Path)
	if err != nil {
		return nil, plain(err)
	}
	defer f.Close()
	source, err := io.ReadAll(io.LimitReader(f, markdownapi.MaxSource+1))
	if err != nil {
		return nil, plain(err)
	}
	if len(source) > markdownapi.MaxSource {
		return nil, fmt.Errorf("more than %d bytes: split the document", markdownapi.MaxSource)
	}
	return source, nil
}

// plain is a file's error without its path, which stands before it anyway.
func plain(err error) error {
	var of *fs.PathError
	if errors.As(err, &of) {
		return of.Err
	}
	return err
}
