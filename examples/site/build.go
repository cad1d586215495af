package main

import (
	"context"
	"fmt"
	"io"
	"time"

	"github.com/hashicorp/go-hclog"
)

// build makes the site. Its error means that there is none; pages that failed stand in the report.
func build(ctx context.Context, o options, stderr io.Writer) (*report, error) {
	start := time.Now()
	projects, err := collect(ctx, o)
	if err != nil {
		return nil, err
	}
	defer closeAll(projects)
	var pages []*page // those that can be rendered
	for _, p := range projects {
		for _, page := range p.Pages {
			if page.err == nil {
				pages = append(pages, page)
			}
		}
	}
	b := &builder{options: o, projects: projects, pages: pages, library: newLibrary(projects), meter: newMeter(), progress: newProgress(stderr, len(pages))}
	err = b.run(ctx)
	b.progress.say("")
	if err != nil {
		return nil, err
	}
	b.report.out, b.report.elapsed, b.report.routes = o.out, time.Since(start), b.meter.figures()
	b.report.count(projects)
	return &b.report, nil
}

// A builder is one build.
type builder struct {
	options
	projects []*project
	pages    []*page
	library  *library
	meter    *meter
	progress *progress
	report   report
}

// run has the pages rendered and writes the site. When it returns, the plugins have ended.
func (b *builder) run(ctx context.Context) error {
	b.progress.say("starting the plugins")
	h, err := openHost(ctx, b.options, b.library, b.meter, b.logger())
	if err != nil {
		return err
	}
	defer h.Close()
	css, warning := stylesheet(ctx, h, b.options)
	if warning != "" {
		b.report.warnings = append(b.report.warnings, warning)
	}
	r := &renderer{peer: h.Plugin("markdown"), jobs: b.jobs, timeout: b.timeout, done: func(p *page) { b.progress.step(p.String()) }}
	if err := r.all(ctx, b.pages); err != nil {
		return fmt.Errorf("render pages: %w: the site that was there is unchanged", err)
	}
	if err := b.write(newSite(b.title, b.projects, h), css); err != nil {
		return err
	}
	b.report.blame(h.Failed())
	return h.Close()
}

// write puts the site in its place, unless not one page could be rendered.
func (b *builder) write(s *site, css string) error {
	if len(s.Projects) == 0 {
		return fmt.Errorf("not one page could be rendered, the first because of: %w", b.pages[0].err)
	}
	b.progress.say("writing the site")
	out, err := createOutput(b.out)
	if err != nil {
		return err
	}
	defer out.discard()
	if err := s.writeAll(out, css); err != nil {
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
