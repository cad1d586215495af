//go:build linux

package e2e_test

import (
	"context"
	"errors"
	"iter"
	"maps"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/go-hotplug/hotplug/e2e/internal/oddityapi"
	"github.com/go-hotplug/hotplug/host"
	"github.com/go-hotplug/hotplug/rpc"
)

// What conformance.* of the toolkits answer: docs/conformance.md.
const (
	conformanceCount rpc.Stream[limit, number]    = "conformance.count"
	conformanceSum   rpc.Upload[number, added]    = "conformance.sum"
	conformanceUpper rpc.Duplex[words, words]     = "conformance.upper"
	conformanceSteps rpc.Method[stride, struct{}] = "conformance.steps"
)

type (
	limit struct {
		To int64 `json:"to"`
	}
	added struct {
		S int64 `json:"s"`
	}
	words struct {
		Text string `json:"text"`
	}
	stride struct {
		Steps int64 `json:"steps"`
	}
)

// A toolkit is a module to import, of sample-plugins, and the end of its files' names.
var toolkits = map[string]struct{ ext, interpreter string }{"node-toolkit": {".mjs", "node"}, "python-toolkit": {".py", "python3"}}

// withEachToolkit runs a test with a plugin that imports each of them. Its program is that of the toolkit's folder or of testdata/languages.
func withEachToolkit(t *testing.T, program string, with m, test func(t *testing.T, s *site, name string)) {
	for toolkit, is := range toolkits {
		t.Run(toolkit, func(t *testing.T) {
			if _, err := exec.LookPath(is.interpreter); err != nil {
				t.Skipf("%s is not in PATH: install it to test the sample %s (make test-all insists on it)", is.interpreter, toolkit)
			}
			s, name := newSite(t), toolkit
			if program == "relay" {
				name = program
			}
			manifest := m{"serializer": "JsonSerializer"}
			maps.Copy(manifest, with)
			dir := s.installManifest(name, program+is.ext, manifest)
			for _, from := range []string{filepath.Join("..", "sample-plugins", toolkit), filepath.Join("testdata", "languages")} {
				programs(t, from, is.ext, dir)
			}
			test(t, s, name)
		})
	}
}

// programs copies the files of a folder whose names end with ext.
func programs(t *testing.T, from, ext, to string) {
	t.Helper()
	found, err := filepath.Glob(filepath.Join(from, "*"+ext))
	mustDo(t, err)
	for _, path := range found {
		text, err := os.ReadFile(path)
		mustDo(t, err)
		mustDo(t, os.WriteFile(filepath.Join(to, filepath.Base(path)), text, 0o755))
	}
}

// windows are limits of a manifest. In the small one every item takes a credit of its own; in the other it is the bytes that end it.
var windows = map[string]m{
	"usual": nil,
	"small": {"limits": m{"streams": 2, "streamItems": 1, "streamBytes": "1KiB"}},
	"bytes": {"limits": m{"streamItems": 1000, "streamBytes": "1KiB"}},
}

func TestAToolkitInAnotherLanguageHandlesStreamsWhateverTheWindow(t *testing.T) {
	for window, with := range windows {
		t.Run(window, func(t *testing.T) {
			withEachToolkit(t, "conformance", with, func(t *testing.T, s *site, name string) {
				h := s.open()
				p := h.Plugin(name)
				if got, err := read(conformanceCount.Open(t.Context(), p, limit{1000})); len(got) != 1000 || got[999] != 1000 || err != nil {
					t.Errorf("count: %d items, %v", len(got), err)
				}
				if got, err := read(conformanceCount.Open(t.Context(), p, limit{})); len(got) != 0 || err != nil {
					t.Errorf("count to 0: %d items, %v", len(got), err)
				}
				for _, n := range []int64{1000, 0} {
					if got, err := conformanceSum.Call(t.Context(), p, upTo(n)); got.S != n*(n+1)/2 || err != nil {
						t.Errorf("sum of %d items: %+v, %v", n, got, err)
					}
				}
				shouts(t, p)
				manyAtOnce(t, p)
				s.goesOn(h)
			})
		})
	}
}

// manyAtOnce opens more streams than the smallest limit lets through, and reads them side by side.
func manyAtOnce(t *testing.T, p rpc.Peer) {
	t.Helper()
	var all sync.WaitGroup
	for n := range int64(20) {
		all.Go(func() {
			if got, err := read(conformanceCount.Open(t.Context(), p, limit{100 + n})); len(got) != int(100+n) || err != nil {
				t.Errorf("count to %d beside others: %d items, %v", 100+n, len(got), err)
			}
			if got, err := conformanceSum.Call(t.Context(), p, upTo(n)); got.S != n*(n+1)/2 || err != nil {
				t.Errorf("sum of %d items beside others: %+v, %v", n, got, err)
			}
		})
	}
	all.Wait()
}

// shouts sends an item and waits for its answer before the next.
func shouts(t *testing.T, p rpc.Peer) {
	t.Helper()
	x, err := conformanceUpper.Open(t.Context(), p)
	mustDo(t, err)
	defer x.Close()
	next, stop := iter.Pull2(x.Items())
	defer stop()
	for n := range 10 {
		text := strings.Repeat("ab", 1+n*5000) // the larger ones are more than a socket takes at once
		mustDo(t, x.Send(words{text}))
		if got, err, _ := next(); got.Text != strings.ToUpper(text) || err != nil {
			t.Fatalf("sent %d bytes, got %d, %v", len(text), len(got.Text), err)
		}
	}
	mustDo(t, x.CloseSend())
	if _, err, more := next(); more {
		t.Errorf("behind the end: %v", err)
	}
}

func TestAToolkitInAnotherLanguageReportsItsProgressTheLastStepAlways(t *testing.T) {
	withEachToolkit(t, "conformance", nil, func(t *testing.T, s *site, name string) {
		p := s.open().Plugin(name)
		for _, steps := range []int64{3, 20_000} {
			var last rpc.Progress
			ctx := rpc.OnProgress(t.Context(), func(p rpc.Progress) {
				if p.Done <= last.Done {
					t.Errorf("a report of %d behind %d", p.Done, last.Done)
				}
				last = p
			})
			if _, err := conformanceSteps.Call(ctx, p, stride{steps}); err != nil || last != (rpc.Progress{Done: steps, Total: steps}) {
				t.Errorf("%d steps: last report %+v, %v", steps, last, err)
			}
			if _, err := conformanceSteps.Call(t.Context(), p, stride{steps}); err != nil {
				t.Errorf("%d steps that nobody wants to hear of: %v", steps, err)
			}
		}
	})
}

func TestAToolkitInAnotherLanguageRefusesABadItemAndNothingElse(t *testing.T) {
	withEachToolkit(t, "conformance", nil, func(t *testing.T, s *site, name string) {
		h := s.open()
		_, err := rpc.Upload[any, added](conformanceSum).Call(t.Context(), h.Plugin(name), func(yield func(any, error) bool) {
			_ = yield(number{N: 1}, nil) && yield(words{"one"}, nil) && yield(m{"n": "one"}, nil)
		})
		var failure *rpc.Error
		if !errors.Is(err, rpc.Invalid) || !errors.As(err, &failure) || failure.NotStarted {
			t.Errorf("%v (%+v), want Invalid of a handler that has begun", err, failure)
		}
		s.goesOn(h)
		if got, err := conformanceSum.Call(t.Context(), h.Plugin(name), upTo(3)); got.S != 6 || err != nil {
			t.Errorf("the next upload: %+v, %v", got, err)
		}
	})
}

func TestAToolkitInAnotherLanguageEndsStreamsThatAreLeftOrLate(t *testing.T) {
	withEachToolkit(t, "conformance", m{"limits": m{"streams": 2}}, func(t *testing.T, s *site, name string) {
		h := s.open()
		p := h.Plugin(name)
		const forever = 1 << 40
		for range 5 { // more than there may be at once
			for item, err := range conformanceCount.Open(t.Context(), p, limit{forever}) {
				if err != nil {
					t.Fatal(err)
				}
				if item.N == 500 {
					break
				}
			}
		}
		ctx, cancel := context.WithTimeout(t.Context(), 300*time.Millisecond)
		defer cancel()
		if _, err := read(conformanceCount.Open(ctx, p, limit{forever})); !errors.Is(err, rpc.Timeout) {
			t.Errorf("a late one: %v, want Timeout", err)
		}
		if _, err := conformanceSum.Call(t.Context(), p, upTo(10)); err != nil {
			t.Error(err)
		}
		until(t, 10*time.Second, "over", func() bool { return p.Status().Streams == 0 })
		s.goesOn(h)
	})
}

// relayed opens a host whose streams a plugin of testdata/languages passes on.
func relayed(s *site) (*oddityapi.Answers, *host.Host, *host.Plugin) {
	answers := &oddityapi.Answers{}
	h := s.open(func(c *host.Config) {
		c.Handlers = answers.Handlers()
	})
	return answers, h, h.Plugin("relay")
}

func TestAToolkitInAnotherLanguageOpensStreamsOfItsHostWhateverTheWindow(t *testing.T) {
	for window, with := range windows {
		t.Run(window, func(t *testing.T) {
			withEachToolkit(t, "relay", with, func(t *testing.T, s *site, _ string) {
				_, h, p := relayed(s)
				var last rpc.Progress
				ctx := rpc.OnProgress(t.Context(), func(p rpc.Progress) { last = p })
				if got, err := read(oddityapi.Count.Open(ctx, p, number{N: 1000})); len(got) != 1000 || got[999] != 1000 || err != nil || last.Done != 1000 {
					t.Errorf("count: %d items, last report %+v, %v", len(got), last, err)
				}
				if got, err := oddityapi.Sum.Call(t.Context(), p, upTo(1000)); got.N != 500_500 || err != nil {
					t.Errorf("sum: %d, %v", got.N, err)
				}
				talks(t, p, oddityapi.Chat)
				if got, err := rpc.Method[number, number]("oddity.double").Call(ctx, p, number{N: 21}); got.N != 42 || err != nil || last.Total != 1 {
					t.Errorf("double: %d, last report %+v, %v", got.N, last, err)
				}
				s.goesOn(h)
			})
		})
	}
}

func TestAToolkitInAnotherLanguageEndsAStreamAtItsHostThatItLeaves(t *testing.T) {
	withEachToolkit(t, "relay", nil, func(t *testing.T, s *site, _ string) {
		answers, h, p := relayed(s)
		for item := range oddityapi.Count.Open(t.Context(), p, number{N: -2}) {
			if item.N == 5000 {
				break
			}
		}
		if got, err := read(oddityapi.Count.Open(t.Context(), p, number{N: 13})); len(got) != 13 || !errors.Is(err, rpc.Conflict) {
			t.Errorf("an error behind items: %v, %v", got, err)
		}
		if _, err := oddityapi.Sum.Call(t.Context(), p, func(yield func(number, error) bool) { yield(number{N: -13}, nil) }); !errors.Is(err, rpc.Conflict) {
			t.Errorf("an upload that is refused: %v", err)
		}
		ctx, cancel := context.WithCancel(t.Context())
		defer cancel()
		x, err := oddityapi.Chat.Open(ctx, p)
		mustDo(t, err)
		mustDo(t, x.Send(number{N: 1}))
		for range x.Items() {
			cancel()
		}
		until(t, 10*time.Second, "four handlers have ended, here and there", func() bool {
			ended, err := oddityapi.Ended.Call(t.Context(), p, struct{}{})
			mustDo(t, err)
			return ended.N == 4 && answers.Ended() == 4
		})
		s.goesOn(h)
	})
}
