package main

import (
	"cmp"
	"context"
	"strings"

	"github.com/alecthomas/chroma/v2/styles"

	"github.com/go-hotplug/hotplug/rpc"
	"github.com/go-hotplug/hotplug/sample-plugins/highlight/highlightapi"
)

func style(_ context.Context, req highlightapi.StyleRequest) (highlightapi.Stylesheet, error) {
	light, err := css(cmp.Or(req.Light, "github"))
	if err != nil {
		return highlightapi.Stylesheet{}, err
	}
	dark, err := css(cmp.Or(req.Dark, "github-dark"))
	if err != nil {
		return highlightapi.Stylesheet{}, err
	}
	return highlightapi.Stylesheet{CSS: "@media not (prefers-color-scheme: dark) {\n" + light + "}\n" +
		"@media (prefers-color-scheme: dark) {\n" + dark + "}\n"}, nil
}

// css is the stylesheet of one style. The registry falls back in silence, so the name is looked up first.
func css(name string) (string, error) {
	found, ok := styles.Registry[name]
	if !ok {
		return "", rpc.Errorf(rpc.NotFound, "no style %q: choose one of %s", name, strings.Join(styles.Names(), ", "))
	}
	var out strings.Builder
	if err := format.WriteCSS(&out, found); err != nil {
		return "", rpc.Errorf(rpc.Internal, "write style %s: %w", name, err)
	}
	return out.String(), nil
}
