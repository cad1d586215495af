package main

import (
	"context"

	"github.com/go-hotplug/hotplug/rpc"
	"github.com/go-hotplug/hotplug/sample-plugins/linkcheck/linkcheckapi"
)

func check(ctx context.Context, req linkcheckapi.Request) (linkcheckapi.Report, error) {
	if err := limits(req); err != nil {
		return linkcheckapi.Report{}, err
	}
	c := &checker{host: rpc.Caller(ctx)}
	seen := map[string]bool{}
	for _, text := range req.Targets {
		if !seen[text] {
			seen[text] = true
			c.targets = append(c.targets, resolve(req.Page, text))
		}
	}
	if err := c.files(ctx, req.Page); err != nil {
		return linkcheckapi.Report{}, err
	}
	if err := c.anchors(ctx); err != nil {
		return linkcheckapi.Report{}, err
	}
	return c.report(), nil
}

// limits refuses what would cost too much to check.
func limits(req linkcheckapi.Request) error {
	if n := len(req.Targets); n > linkcheckapi.MaxTargets {
		return rpc.Errorf(rpc.Invalid, "%s has %d targets: at most %d are checked in one call, check it in parts", req.Page, n, linkcheckapi.MaxTargets)
	}
	if n := len(req.Page); n > linkcheckapi.MaxTarget {
		return rpc.Errorf(rpc.Invalid, "the page's path is %d bytes: at most %d are allowed", n, linkcheckapi.MaxTarget)
	}
	for i, target := range req.Targets {
		if n := len(target); n > linkcheckapi.MaxTarget {
			return rpc.Errorf(rpc.Invalid, "%s: target %d is %d bytes: at most %d are allowed", req.Page, i+1, n, linkcheckapi.MaxTarget)
		}
	}
	return nil
}

// report tells what was found, once all is asked.
func (c *checker) report() linkcheckapi.Report {
	report := linkcheckapi.Report{Warnings: c.warnings}
	for _, t := range c.targets {
		switch {
		case !t.inside():
			report.Elsewhere++
			continue
		case t.broken != nil:
			report.Broken = append(report.Broken, *t.broken)
		}
		report.Checked++
	}
	return report
}
