package host_test

import (
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/hashicorp/go-hclog"

	"github.com/go-hotplug/hotplug/host"
)

// records are the records of kept instances in the state folder.
func (w *world) records() []string {
	w.t.Helper()
	found, err := filepath.Glob(filepath.Join(w.config.StateDir, "instances", "*.json"))
	if err != nil {
		w.t.Fatal(err)
	}
	return found
}

// detach lets a host go.
func (w *world) detach(h *host.Host) {
	w.t.Helper()
	if err := h.Detach(); err != nil {
		w.t.Fatal(err)
	}
}

func TestTheNextHostGoesOnWithWhatADetachedOneHasLeft(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t)
		w.add("one", &newTally().fake, kept)
		other := w.add("other", &newTally().fake)
		for round := 1; round <= 3; round++ {
			h := w.open()
			p := h.Plugin("one")
			if s := p.Status(); s.PID != 1000 && s.PID != 1001 || s.Generation != 1 || s.State != host.Ready {
				t.Errorf("round %d: %+v", round, s)
			}
			if got := count(t, p); got != string(rune('0'+round)) {
				t.Errorf("round %d: counted %s", round, got)
			}
			if round > 1 && !strings.HasPrefix(p.Status().Reason, "re-attached to process ") {
				t.Errorf("round %d: %+v", round, p.Status())
			}
			if round < 3 {
				w.detach(h)
				if s := p.Status(); s.State != host.Stopped || s.Reason != "the host has let go of it, and its process stays" {
					t.Errorf("detached: %+v", s)
				}
				if n := len(w.records()); n != 1 || other.Launched().Active() {
					t.Errorf("%d records; the other runs: %v", n, other.Launched().Active())
				}
			}
			time.Sleep(30 * time.Minute)
		}
	})
}

func TestClosingEndsWhatWasAttachedAndLeavesNoRecord(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t)
		f := w.add("one", &newTally().fake, kept)
		w.detach(w.open())
		h := w.open()
		if info, err := os.Stat(w.records()[0]); err != nil || info.Mode().Perm() != 0o600 {
			t.Errorf("%v, %v", info, err)
		}
		if err := h.Close(); err != nil || f.Launched().Active() {
			t.Errorf("%v, it runs: %v", err, f.Launched().Active())
		}
		left, _ := os.ReadDir(w.config.RuntimeDir)
		if len(w.records()) > 0 || len(left) > 0 {
			t.Errorf("left %v, %v", w.records(), left)
		}
	})
}

func TestWhatWasChangedWhileNoHostRanFollowsByAReload(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t)
		w.add("one", &newTally().fake, kept)
		h := w.open()
		count(t, h.Plugin("one"))
		w.detach(h)
		w.release("1.1.0", "one", &newTally().fake, kept)
		p := w.open().Plugin("one")
		time.Sleep(time.Second)
		if s := p.Status(); s.Version != "1.1.0" || s.Generation != 2 || s.Reason != "reloaded: 1.1.0 follows 1.0.0" {
			t.Errorf("%+v", s)
		}
		if got := count(t, p); got != "2" {
			t.Errorf("counted %s", got)
		}
	})
}

func TestAKeptProcessWhosePluginIsDisabledOrRemovedIsEnded(t *testing.T) {
	for name, change := range map[string]func(*world){
		"disabled": func(w *world) { w.config.Plugins = map[string]host.Settings{"one": {Disabled: true}} },
		"removed":  func(w *world) { os.RemoveAll(filepath.Join(w.config.Dir, "one")) },
	} {
		synctest.Test(t, func(t *testing.T) {
			w := newWorld(t)
			f := w.add("one", &newTally().fake, kept)
			w.detach(w.open())
			change(w)
			w.open()
			time.Sleep(time.Second)
			if f.Launched().Active() || len(w.records()) > 0 {
				t.Errorf("%s: it runs %v, records %v", name, f.Launched().Active(), w.records())
			}
		})
	}
}

func TestAKeptProcessThatDoesNotAnswerIsEndedAndStartedAnew(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t)
		f := w.add("one", &newTally().fake, kept)
		w.detach(w.open())
		frozen := f.Launched()
		frozen.Freeze()
		began := time.Now()
		p := w.open().Plugin("one")
		if s := p.Status(); s.State != host.Ready || s.Generation != 2 || frozen.Active() || time.Since(began) > 15*time.Second {
			t.Errorf("after %s: %+v", time.Since(began), s)
		}
		if n := len(w.records()); n != 1 {
			t.Errorf("%d records", n)
		}
	})
}

func TestAKeptProcessThatHasEndedMeanwhileIsStartedAnew(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t)
		f := w.add("one", &newTally().fake, kept)
		w.detach(w.open())
		f.Launched().Exit(3, "")
		p := w.open().Plugin("one")
		if s := p.Status(); s.State != host.Ready || s.Generation != 2 || len(w.records()) != 1 {
			t.Errorf("%+v, %v", s, w.records())
		}
	})
}

func TestADisconnectedProcessStaysWhenItsHostDetaches(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t)
		w.add("one", &newTally().fake, kept)
		h := w.open()
		count(t, h.Plugin("one"))
		if err := h.Plugin("one").Disconnect(t.Context()); err != nil {
			t.Fatal(err)
		}
		w.detach(h)
		if got := count(t, w.open().Plugin("one")); got != "2" {
			t.Errorf("counted %s", got)
		}
	})
}

func TestWhatIsPrintedWhileNoHostRunsIsInTheLogOfTheNextOneAndNothingTwice(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t)
		var log strings.Builder
		w.config.Logger = hclog.New(&hclog.LoggerOptions{Output: &log, DisableTime: true})
		f := w.add("one", &newTally().fake, kept)
		h := w.open()
		f.Launched().Print("line 1", false)
		w.detach(h)
		f.Launched().Print("line 2", false)
		h = w.open()
		f.Launched().Print("line 3", false)
		h.Close()
		var lines []string
		for line := range strings.Lines(log.String()) {
			if _, text, found := strings.Cut(line, "line "); found {
				lines = append(lines, text[:1])
			}
		}
		if want := []string{"1", "2", "3"}; !slices.Equal(lines, want) {
			t.Errorf("logged %q:\n%s", lines, log.String())
		}
	})
}

func TestACrashReportHasTheLinesThatAnEarlierHostHasLogged(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t)
		f := w.add("one", &newTally().fake, kept)
		h := w.open()
		f.Launched().Print("long ago", false)
		time.Sleep(time.Second)
		w.detach(h)
		h = w.open()
		f.Launched().Exit(3, "", "just now")
		time.Sleep(time.Second)
		if s := h.Plugin("one").Status(); !strings.Contains(s.Error, "long ago\n    just now") {
			t.Errorf("%s", s.Error)
		}
	})
}

func TestAProcessThatNeverAnsweredIsNotAttached(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t)
		f := w.add("one", &newTally().fake, kept)
		w.detach(w.open())
		first := f.Launched()
		path := w.records()[0]
		text, err := os.ReadFile(path)
		if err != nil {
			t.Fatal(err)
		}
		w.write(path, strings.Replace(string(text), `"serving":true`, `"serving":false`, 1), 0o600)
		if s := w.open().Plugin("one").Status(); s.State != host.Ready || s.Generation != 2 || first.Active() {
			t.Errorf("%+v, the first runs: %v", s, first.Active())
		}
	})
}
