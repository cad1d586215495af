package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"time"

	"github.com/hashicorp/go-hclog"

	"github.com/go-hotplug/hotplug/host"
	"github.com/go-hotplug/hotplug/rpc"
)

// build makes the site. Its error means that there is none; pages that failed stand in the report.
func build(ctx context.Context, o options, stderr io.Writer) (*report, error) {
	start := time.Now()
	b, err := newBuilder(ctx, o, nil, newMeter(), newProgress(stderr))
	if err != nil {
		return nil, err
	}
	defer closeAll(b.projects)
	err = b.run(ctx)
	b.progress.say("")
	if err != nil {
		return nil, err
	}
	b.report.out, b.report.elapsed, b.report.routes = o.out, time.Since(start), b.meter.figures()
	b.report.count(b.projects)
	return &b.report, nil
}

// newBuilder finds what is to be built. Whoever calls it closes the projects.
func newBuilder(ctx context.Context, o options, before *memory, m *meter, say *progress) (*builder, error) {
	projects, err := collect(ctx, o)
	if err != nil {
		return nil, err
	}
	before.recognize(projects)
	b := &builder{options: o, projects: projects, library: newLibrary(projects), memory: before, meter: m, progress: say}
	for _, p := range projects {
		for _, page := range p.Pages {
			if page.err == nil {
				b.pages = append(b.pages, page)
			}
		}
	}
	return b, nil
}

// A builder is one build.
type builder struct {
	options
	projects []*project
	pages    []*page // those that can be rendered
	library  *library
	memory   *memory // nil: all is made
	makers   makers  // as they are when the build begins
	crew     crew
	meter    *meter
	progress *progress
	report   report
}

// run starts the plugins and makes the site. When it returns, they have ended.
func (b *builder) run(ctx context.Context) error {
	b.progress.say("starting the plugins")
	b.crew = muster(ctx, b.plugins)
	h, err := openHost(ctx, b.options, b.crew, b.library.handlers(), b.meter, b.logger())
	if err != nil {
		return err
	}
	defer h.Close()
	if err := b.make(ctx, h); err != nil {
		return err
	}
	return h.Close()
}

// make has the pages rendered and writes the site.
func (b *builder) make(ctx context.Context, h *host.Host) error {
	b.makers = makersOf(b.crew, h)
	css, warning := stylesheet(ctx, h, b.crew, b.options)
	if warning != "" {
		b.report.warnings = append(b.report.warnings, warning)
	}
	pictures, err := b.prepare(ctx, h)
	if err != nil {
		return fmt.Errorf("%w: the site that was there is unchanged", err)
	}
	doubtReplaced(b.pages, makersOf(b.crew, h))
	if err := b.write(newSite(b.title, b.projects, present(h), pictures.pictures), pictures, css); err != nil {
		return err
	}
	b.memory.keep(b.pages)
	b.report.absent, b.report.plugins = b.crew.missing()
	b.report.blame(h.Failed())
	return nil
}

// prepare has the plugins do all that the site is made of: pages first, then what needs all pages.
func (b *builder) prepare(ctx context.Context, h *host.Host) (*shrinker, error) {
	b.progress.begin("rendering", len(b.pages))
	r := &renderer{
		peer: h.Plugin("markdown"), extras: extras(b.crew, h), jobs: b.jobs, timeout: b.timeout, done: func(p *page) { b.progress.step(p.String()) },
		memory: b.memory, makers: b.makers, library: b.library,
	}
	if err := r.all(ctx, b.pages); err != nil {
		return nil, fmt.Errorf("render pages: %w", err)
	}
	b.library.publish(b.pages)
	if err := b.checkLinks(ctx, h); err != nil {
		return nil, fmt.Errorf("check links: %w", err)
	}
	s := &shrinker{peer: h.Plugin("thumbnail"), library: b.library, memory: b.memory, by: b.makers.of("thumbnail"), pictures: map[string]*picture{}, report: func(name string, p rpc.Progress) {
		b.progress.within(b.library.place(name), p)
	}}
	if err := b.shrink(ctx, s); err != nil {
		return nil, fmt.Errorf("make pictures smaller: %w", err)
	}
	return s, nil
}

// checkLinks looks for links that lead nowhere, which takes all pages and their anchors.
func (b *builder) checkLinks(ctx context.Context, h *host.Host) error {
	if !b.crew.has("linkcheck") {
		return nil
	}
	peer := h.Plugin("linkcheck")
	b.progress.begin("checking links", len(b.pages))
	return each(ctx, b.jobs, b.pages, func(p *page) {
		ctx, cancel := context.WithTimeout(ctx, b.timeout)
		defer cancel()
		if p.err == nil && !b.memory.recallLinks(p, b.makers, b.library) {
			b.checkPage(ctx, peer, p)
		}
		b.progress.step(p.String())
	})
}

// checkPage looks at the links of one page. What fails is tried again with the next edition.
func (b *builder) checkPage(ctx context.Context, peer rpc.Peer, p *page) {
	p.by["linkcheck"] = b.makers.of("linkcheck")
	if err := checkLinks(ctx, peer, p); err != nil {
		p.linkNotes = append(p.linkNotes, err.Error())
		p.doubt("linkcheck")
	}
}

// shrink has large pictures made smaller.
func (b *builder) shrink(ctx context.Context, s *shrinker) error {
	if !b.crew.has("thumbnail") {
		return nil
	}
	names := b.library.candidates(b.pages)
	b.progress.begin("pictures", len(names))
	err := each(ctx, b.jobs, names, func(name string) {
		ctx, cancel := context.WithTimeout(ctx, b.timeout)
		defer cancel()
		s.one(ctx, name)
		b.progress.step(b.library.place(name))
	})
	b.report.pictures, b.report.saved, b.report.uploaded = len(s.pictures), s.saved(), s.uploaded
	b.report.warnings = append(b.report.warnings, s.notes...)
	return err
}

// write puts the site in its place, unless not one page could be rendered.
func (b *builder) write(s *site, pictures *shrinker, css string) error {
	if len(s.Projects) == 0 {
		return fmt.Errorf("not one page could be rendered, the first because of: %w", b.pages[0].err)
	}
	b.progress.say("writing the site")
	out, err := createOutput(b.out)
	if err != nil {
		return err
	}
	defer out.discard()
	if err := errors.Join(s.writeAll(out, css), pictures.write(out)); err != nil {
		return err
	}
	var warnings []string
	b.report.assets, warnings = b.library.copyAssets(b.library.assets(b.pages), b.pages, out)
	b.report.warnings = append(b.report.warnings, warnings...)
	b.report.written = out.written
	return out.publish()
}

func (b *builder) logger() hclog.Logger {
	level := hclog.Error // what goes wrong with a plugin stands in the report
	if b.verbose {
		level = hclog.Debug
	}
	return hclog.New(&hclog.LoggerOptions{Name: "site", Level: level, Output: b.progress})
}
