package main

import (
	"context"
	"fmt"
	"path/filepath"

	"github.com/hashicorp/go-hclog"

	"github.com/go-hotplug/hotplug/host"
	"github.com/go-hotplug/hotplug/rpc"
	"github.com/go-hotplug/hotplug/sample-plugins/highlight/highlightapi"
	"github.com/go-hotplug/hotplug/sample-plugins/hostapi"
	"github.com/go-hotplug/hotplug/sample-plugins/linkcheck/linkcheckapi"
	"github.com/go-hotplug/hotplug/sample-plugins/markdown/markdownapi"
	"github.com/go-hotplug/hotplug/sample-plugins/outline/outlineapi"
	"github.com/go-hotplug/hotplug/sample-plugins/thumbnail/thumbnailapi"
	"github.com/go-hotplug/hotplug/sample-plugins/wordcount/wordcountapi"
)

// The application's version: what a plugin's "host" constraint is held against.
const version = "1.0.0"

// openHost starts the plugins. Without a renderer there is no site, so that is an error; all others are a matter of the report.
func openHost(ctx context.Context, o options, c crew, handlers []rpc.Handler, m *meter, log hclog.Logger) (*host.Host, error) {
	served := o.command == commandServe
	if c.has("highlight") || served { // without it, code stays plain and nothing has failed; while a site is served it may come
		handlers = append(handlers, host.Forward(highlightapi.Highlight, "highlight"))
	}
	h, err := host.Open(ctx, host.Config{
		Name: "site", Version: version, Dir: o.plugins, StateDir: o.state, Watch: served,
		Uses: []rpc.Use{
			markdownapi.Render.Use(), highlightapi.Style.Use(), outlineapi.Headings.Use(), wordcountapi.Count.Use(), linkcheckapi.Check.Use(),
			thumbnailapi.Upload.Use(),
		},
		Handlers: handlers,
		Plugins: map[string]host.Settings{ // what each of them may call here
			"markdown":  {Grant: []string{string(hostapi.Exists), string(hostapi.ReadAsset), string(highlightapi.Highlight)}},
			"linkcheck": {Grant: []string{string(hostapi.Exists), string(hostapi.Anchors)}},
		},
		Hooks:  m.hooks(),
		Logger: log,
	})
	if err != nil {
		return nil, fmt.Errorf("open the plugins: %w\n%s", err, advice(o.plugins, "markdown"))
	}
	if _, err := h.Require(ctx, "markdown", "^1.0"); err != nil {
		h.Close()
		return nil, fmt.Errorf("the site needs a plugin that renders Markdown: %w\n%s", err, advice(o.plugins, "markdown"))
	}
	return h, nil
}

// advice says how to come by a plugin.
func advice(dir, plugin string) string {
	dir = filepath.ToSlash(filepath.Join(dir, plugin))
	return fmt.Sprintf("to install %[1]s, in the folder that has sample-plugins:\n"+
		"  go build -o %[2]s/ ./sample-plugins/%[1]s && cp sample-plugins/%[1]s/plugin.json %[2]s/\n"+
		"or name the folder that has it with -plugins; -v shows what the plugins log", plugin, dir)
}

// stylesheet is the CSS of coloured code; without the plugin for it there is none.
func stylesheet(ctx context.Context, h *host.Host, c crew, o options) (css, warning string) {
	if !c.has("highlight") {
		return "", ""
	}
	sheet, err := highlightapi.Style.Call(ctx, h.Plugin("highlight"), highlightapi.StyleRequest{})
	if err != nil {
		return "", fmt.Sprintf("code is not coloured: %v\n%s", err, advice(o.plugins, "highlight"))
	}
	return sheet.CSS, ""
}
