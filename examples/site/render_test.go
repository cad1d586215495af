package main

import (
	"context"
	"errors"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/go-hotplug/hotplug/rpc"
	"github.com/go-hotplug/hotplug/rpc/rpctest"
	"github.com/go-hotplug/hotplug/sample-plugins/markdown/markdownapi"
)

type renderFunc = func(context.Context, markdownapi.RenderRequest) (markdownapi.Document, error)

// rendererWith is a renderer whose plugin is a function.
func rendererWith(t *testing.T, fn renderFunc) *renderer {
	peer, _ := rpctest.Pair(t, nil, []rpc.Handler{markdownapi.Render.Handle(fn)})
	return &renderer{peer: peer, jobs: 3, timeout: time.Minute, done: func(*page) {}}
}

// manyPages is a project of n pages.
func manyPages(t *testing.T, n int) *project {
	content := map[string]string{}
	for i := range n {
		content["p"+strconv.Itoa(i)+".md"] = strconv.Itoa(i)
	}
	return projectOf(t, "docs", files(t, content))
}

func TestRenderGoesOnWithoutThePageThatFails(t *testing.T) {
	p := manyPages(t, 20)
	r := rendererWith(t, func(_ context.Context, req markdownapi.RenderRequest) (markdownapi.Document, error) {
		if req.Source == "7" {
			return markdownapi.Document{}, rpc.Errorf(rpc.Invalid, "%s is odd", req.Name)
		}
		return markdownapi.Document{HTML: req.Source}, nil
	})
	var told atomic.Int32
	r.done = func(*page) { told.Add(1) }
	if err := r.all(t.Context(), p.Pages); err != nil {
		t.Fatal(err)
	}
	if told.Load() != 20 {
		t.Errorf("told of %d pages, want 20", told.Load())
	}
	for _, page := range p.Pages {
		want := strings.TrimSuffix(strings.TrimPrefix(page.Path, "p"), ".md")
		switch {
		case want == "7":
			if page.err == nil || !strings.Contains(page.err.Error(), "docs/p7.md is odd") || strings.Contains(page.err.Error(), p.key) {
				t.Errorf("%s: %v", page, page.err)
			}
		case page.err != nil || page.doc.HTML != want:
			t.Errorf("%s: %q, %v", page, page.doc.HTML, page.err)
		}
	}
}

func TestRenderKeepsItsBound(t *testing.T) {
	p := manyPages(t, 20)
	var mu sync.Mutex
	now, most := 0, 0
	synctest.Test(t, func(t *testing.T) {
		r := rendererWith(t, func(context.Context, markdownapi.RenderRequest) (markdownapi.Document, error) {
			mu.Lock()
			now++
			most = max(most, now)
			mu.Unlock()
			time.Sleep(time.Second) // fake: all that may run at once does
			mu.Lock()
			now--
			mu.Unlock()
			return markdownapi.Document{}, nil
		})
		if err := r.all(t.Context(), p.Pages); err != nil {
			t.Error(err)
		}
	})
	if most != 3 {
		t.Errorf("%d pages at once, want 3", most)
	}
}

func TestRenderEndsWithItsContext(t *testing.T) {
	p := manyPages(t, 20)
	synctest.Test(t, func(t *testing.T) {
		ctx, cancel := context.WithCancel(t.Context())
		r := rendererWith(t, func(ctx context.Context, _ markdownapi.RenderRequest) (markdownapi.Document, error) {
			cancel()
			<-ctx.Done()
			return markdownapi.Document{}, ctx.Err()
		})
		if err := r.all(ctx, p.Pages); !errors.Is(err, context.Canceled) {
			t.Errorf("got %v", err)
		}
	})
}

func TestAPageThatTakesTooLongFailsAlone(t *testing.T) {
	p := manyPages(t, 4)
	synctest.Test(t, func(t *testing.T) {
		r := rendererWith(t, func(ctx context.Context, req markdownapi.RenderRequest) (markdownapi.Document, error) {
			if req.Source == "2" {
				<-ctx.Done()
			}
			return markdownapi.Document{}, ctx.Err()
		})
		if err := r.all(t.Context(), p.Pages); err != nil {
			t.Fatal(err)
		}
	})
	for _, page := range p.Pages {
		if failed := page.err != nil; failed != (page.Path == "p2.md") {
			t.Errorf("%s: %v", page, page.err)
		}
	}
}

func TestADocumentThatIsTooLargeIsNotEvenSent(t *testing.T) {
	p := projectOf(t, "docs", files(t, map[string]string{"big.md": strings.Repeat("x", markdownapi.MaxSource+1)}))
	r := rendererWith(t, func(context.Context, markdownapi.RenderRequest) (markdownapi.Document, error) {
		t.Error("it was sent")
		return markdownapi.Document{}, nil
	})
	if err := r.all(t.Context(), p.Pages); err != nil {
		t.Fatal(err)
	}
	if err := p.Pages[0].err; err == nil || !strings.Contains(err.Error(), "split the document") {
		t.Errorf("got %v", err)
	}
}
