//go:build linux

package e2e_test

import (
	"context"
	"errors"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/go-hotplug/hotplug/e2e/internal/handyapi"
	"github.com/go-hotplug/hotplug/host"
	"github.com/go-hotplug/hotplug/rpc"
)

// needsNode skips a test that cannot run here, and returns the program.
func needsNode(t *testing.T) string {
	t.Helper()
	node, err := exec.LookPath("node")
	if err != nil {
		t.Skip("node is not in PATH: what this test says of isolated-workers/1 was not tried; install Node 18 or later")
	}
	return node
}

// isolated makes a manifest one of the profile.
func isolated(more m) m {
	all := m{"protocol": "isolated-workers/1", "serializer": "JsonSerializer", "permissions": m{}}
	for key, value := range more {
		all[key] = value
	}
	return all
}

// installWorker puts the worker for Node into the plugins folder.
func (s *site) installWorker(name string, with m) {
	s.t.Helper()
	needsNode(s.t)
	dir := s.installManifest(name, "worker.mjs", isolated(with))
	text, err := os.ReadFile("testdata/isolated-workers/worker.mjs")
	if err == nil {
		err = os.WriteFile(filepath.Join(dir, "worker.mjs"), text, 0o755)
	}
	if err != nil {
		s.t.Fatal(err)
	}
}

// each runs a test with a worker for Node, and with a plugin of this project in the same profile.
func each(t *testing.T, test func(t *testing.T, s *site, p *host.Plugin)) {
	for name, install := range map[string]func(*site){
		"node": func(s *site) { s.installWorker("handy", nil) },
		"go":   func(s *site) { s.install("handy", "handyman", isolated(nil)) },
	} {
		t.Run(name, func(t *testing.T) {
			if name == "node" {
				needsNode(t)
			}
			s := newSite(t)
			install(s)
			h := s.open()
			p := h.Plugin("handy")
			if err := p.Ready(t.Context()); err != nil {
				t.Fatal(err)
			}
			test(t, s, p)
			s.goesOn(h)
			s.close(h)
			if d, ok := s.shutdown("handy"); !ok || !d.Asked {
				t.Errorf("it was not ended by Close: %+v", d)
			}
		})
	}
}

func TestAWorkerOfTheLibraryAnswersCalls(t *testing.T) {
	each(t, func(t *testing.T, _ *site, p *host.Plugin) {
		if got, err := handyapi.Add.Call(t.Context(), p, handyapi.Pair{A: 2, B: 40}); got.Sum != 42 || err != nil {
			t.Errorf("add: %+v, %v", got, err)
		}
		if _, err := handyapi.Forget.Call(t.Context(), p, handyapi.Pair{}); err != nil {
			t.Errorf("void: %v", err)
		}
		if got, err := handyapi.Find.Call(t.Context(), p, "x"); got != nil || err != nil {
			t.Errorf("null: %v, %v", got, err)
		}
		_, err := handyapi.Fail.Call(t.Context(), p, struct{}{})
		var e *rpc.Error
		if !errors.As(err, &e) || e.Message != "boom" || e.Name != "InteropError" || e.Details["code"] != "E_FAIL" || e.Code != rpc.Unknown || e.Stack == "" || e.Origin != rpc.FromPlugin {
			t.Errorf("fail: %#v", err)
		}
		_, err = handyapi.Lost.Call(t.Context(), p, struct{}{})
		if !errors.Is(err, rpc.Unimplemented) || !strings.Contains(err.Error(), "Unknown message type: handy.lost") {
			t.Errorf("unknown type: %v", err)
		}
		if p.Handles() != nil {
			t.Errorf("it handles %v, which nobody said", p.Handles())
		}
	})
}

func TestAWorkerOfTheLibraryAnswersAThousandCallsAtOnce(t *testing.T) {
	each(t, func(t *testing.T, _ *site, p *host.Plugin) {
		var wg sync.WaitGroup
		for n := range 1000 {
			wg.Go(func() {
				if got, err := handyapi.Add.Call(t.Context(), p, handyapi.Pair{A: n, B: 1}); got.Sum != n+1 || err != nil {
					t.Errorf("%d: %+v, %v", n, got, err)
				}
			})
		}
		wg.Wait()
	})
}

func TestTextReachesAWorkerOfTheLibraryWholeThoughItDecodesChunkByChunk(t *testing.T) {
	text := strings.Repeat("grüß Gott, 𝄞 € \u2028 ", 50_000)
	each(t, func(t *testing.T, _ *site, p *host.Plugin) {
		if got, err := handyapi.Echo.Call(t.Context(), p, text); got != text || err != nil {
			t.Errorf("%d bytes came back of %d, %v", len(got), len(text), err)
		}
	})
}

func TestNoticesReachAWorkerOfTheLibraryInOrderAndAreAcknowledged(t *testing.T) {
	each(t, func(t *testing.T, s *site, p *host.Plugin) {
		const count = 3000 // more than the window
		for n := range count {
			if err := handyapi.Seen.Send(t.Context(), p, n); err != nil {
				t.Fatal(err)
			}
		}
		until(t, 20*time.Second, "acknowledged", func() bool { return p.Status().Notices == 0 })
		got, err := handyapi.Notices.Call(t.Context(), p, struct{}{})
		if err != nil || len(got) != count || !slices.IsSorted(got) {
			t.Errorf("%d notices, %v", len(got), err)
		}
		if err := handyapi.Seen.Send(t.Context(), p, -1); err != nil {
			t.Error(err)
		}
		until(t, 10*time.Second, "logged", func() bool { e, ok := s.log.find("notice not handled"); return ok && e.fields["error"] == "negative" })
	})
}

func TestWhatAWorkerForNodeWritesWrongOrInPiecesIsTolerated(t *testing.T) {
	needsNode(t)
	s := newSite(t)
	s.installWorker("handy", nil)
	h := s.open()
	p := h.Plugin("handy")
	if got, err := handyapi.Garbage.Call(t.Context(), p, struct{}{}); got != "said" || err != nil {
		t.Errorf("%q, %v", got, err)
	}
	bad := func(e entry) bool { return strings.Contains(e.message, "corrupt frame dropped") }
	if n := s.log.count(bad); n != 3 {
		t.Errorf("%d malformed lines were logged, want 3", n)
	}
	if got, err := handyapi.Pieces.Call(t.Context(), p, "a € and ü"); got != "a € and ü" || err != nil {
		t.Errorf("%q, %v", got, err)
	}
	s.goesOn(h)
}

func TestAWorkerForNodeIsToldWhatTheLibraryTellsIt(t *testing.T) {
	node := needsNode(t)
	s := newSite(t)
	script, err := filepath.Abs("testdata/isolated-workers/worker.mjs")
	if err != nil {
		t.Fatal(err)
	}
	l := s.launch("handyman")
	l.Path, l.Args, l.Protocol = node, []string{script}, rpc.ProtocolIsolatedWorkers
	l.Env = []string{"HOTPLUG_STARTUP=fd:9", "ISOLATED_WORKERS_SERIALIZER=Other"}
	p := s.startWorker(l)
	got, err := handyapi.Environment.Call(t.Context(), p, struct{}{})
	want := []string{"ISOLATED_WORKERS_SERVER_CONNECT_TIMEOUT", "ISOLATED_WORKERS_SOCKET_PATH", "ISOLATED_WORKERS_STARTUP_DATA"}
	if err != nil || !slices.Equal(got, want) {
		t.Errorf("%v, %v", got, err)
	}
	start := time.Now()
	if err := p.Close(); err != nil {
		t.Error(err)
	}
	if d, _ := s.shutdown("node"); d.Exit != "exit status 0" || time.Since(start) > 3*time.Second {
		t.Errorf("%+v after %s: a worker whose connection is closed first ends by SIGTERM", d, time.Since(start))
	}
}

func TestTheCrashOfAWorkerForNodeIsReported(t *testing.T) {
	needsNode(t)
	s := newSite(t)
	s.installWorker("handy", nil)
	h := s.open()
	p := h.Plugin("handy")
	_, err := handyapi.Crash.Call(t.Context(), p, handyapi.Exit{Code: 7})
	if !errors.Is(err, rpc.Unavailable) || rpc.Delivered(err) != rpc.PerhapsDelivered {
		t.Errorf("%v", err)
	}
	until(t, 10*time.Second, "failed", func() bool { return p.Status().State == host.Failed })
	says(t, p.Ready(t.Context()), "exit status 7", "the last word of the worker")
	s.goesOn(h)
}

func TestCloseWaitsForWhatAWorkerOfTheLibraryIsDoing(t *testing.T) {
	each(t, func(t *testing.T, _ *site, p *host.Plugin) {
		result := make(chan error, 1)
		go func() { _, err := handyapi.Sleep.Call(context.Background(), p, handyapi.Nap{MS: 400}); result <- err }()
		until(t, 10*time.Second, "under way", func() bool { return p.Status().Pending == 1 })
		p.Close()
		if err := <-result; err != nil {
			t.Errorf("the call in flight: %v", err)
		}
	})
}

func TestWhenItsHostIsKilledAWorkerOfTheLibraryIsGone(t *testing.T) {
	needsNode(t)
	for _, stopped := range []bool{false, true} {
		s := newSite(t)
		s.installWorker("handy", nil)
		s.install("handyman", "handyman", isolated(nil))
		st := s.perform(play{})
		if len(st.cast.Plugins) != 2 {
			t.Fatalf("who plays: %+v", st.cast)
		}
		if stopped {
			for _, pid := range st.processes() {
				mustDo(t, syscall.Kill(pid, syscall.SIGSTOP))
			}
		}
		st.goes(st.kill)
		<-st.done
	}
}

func TestAManifestOfTheLibraryTakesNoOtherSerializer(t *testing.T) {
	s := newSite(t)
	s.install("handyman", "handyman", m{"protocol": "isolated-workers/1", "serializer": "MessagePackSerializer"})
	h := s.open()
	says(t, failure(t, h, "handyman"), `serializer: found "MessagePackSerializer", want "JsonSerializer"`)
	s.goesOn(h)
}
