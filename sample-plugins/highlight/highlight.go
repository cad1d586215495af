package main

import (
	"context"
	"strings"

	"github.com/alecthomas/chroma/v2"
	"github.com/alecthomas/chroma/v2/formatters/html"
	"github.com/alecthomas/chroma/v2/lexers"
	"github.com/alecthomas/chroma/v2/styles"

	"github.com/go-hotplug/hotplug/rpc"
	"github.com/go-hotplug/hotplug/sample-plugins/highlight/highlightapi"
)

var format = html.New(html.WithClasses(true), html.PreventSurroundingPre(true))

func highlight(ctx context.Context, req highlightapi.HighlightRequest) (highlightapi.Highlighted, error) {
	if len(req.Code) > highlightapi.MaxCode {
		return highlightapi.Highlighted{}, rpc.Errorf(rpc.Invalid, "code is %d bytes: at most %d are highlighted", len(req.Code), highlightapi.MaxCode)
	}
	lexer, name := lexerFor(req.Language)
	tokens, err := lexer.Tokenise(nil, strings.ToValidUTF8(req.Code, "\uFFFD"))
	if err != nil {
		return highlightapi.Highlighted{}, rpc.Errorf(rpc.Internal, "highlight %s: %w", name, err)
	}
	var out strings.Builder
	err = format.Format(&out, styles.Fallback, until(ctx, tokens))
	if ctx.Err() != nil {
		return highlightapi.Highlighted{}, ctx.Err()
	}
	if err != nil {
		return highlightapi.Highlighted{}, rpc.Errorf(rpc.Internal, "highlight %s: %w", name, err)
	}
	return highlightapi.Highlighted{HTML: out.String(), Language: name}, nil
}

// lexerFor returns the lexer of a language and the language's name, which is empty for plain text.
func lexerFor(language string) (chroma.Lexer, string) {
	if lexer := lexers.Get(language); lexer != nil && language != "" {
		return chroma.Coalesce(lexer), lexer.Config().Name
	}
	return lexers.Fallback, ""
}

// until ends the tokens when ctx ends: some lexers take very long over hostile code.
func until(ctx context.Context, next chroma.Iterator) chroma.Iterator {
	return func() chroma.Token {
		if ctx.Err() != nil {
			return chroma.EOF
		}
		return next()
	}
}
