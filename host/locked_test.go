package host_test

import (
	"crypto/sha256"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/go-hotplug/hotplug/host"
	"github.com/go-hotplug/hotplug/internal/lockfile"
	"github.com/go-hotplug/hotplug/rpc"
)

// lock accepts all that is installed, as `hotplug lock` does.
func (w *world) lock() {
	w.t.Helper()
	w.config.Locked = true
	l := lockfile.Lock{File: w.config.LockFile, Folders: []string{w.config.Dir}}
	f, left, err := l.Collect(w.t.Context())
	if err == nil {
		err = l.Write(f)
	}
	if err != nil || len(left) > 0 {
		w.t.Fatal(err, left)
	}
}

func (w *world) path(rel string) string { return filepath.Join(w.config.Dir, filepath.FromSlash(rel)) }

// sum is the SHA-256 of a file.
func (w *world) sum(rel string) string {
	w.t.Helper()
	text, err := os.ReadFile(w.path(rel))
	if err != nil {
		w.t.Fatal(err)
	}
	return fmt.Sprintf("%x", sha256.Sum256(text))
}

// refuses checks what an error says.
func refuses(t *testing.T, err error, texts ...string) {
	t.Helper()
	if err == nil {
		t.Errorf("no error, want one that says %q", texts)
		return
	}
	for _, text := range texts {
		if !strings.Contains(err.Error(), text) {
			t.Errorf("%v\nlacks %q", err, text)
		}
	}
}

func TestALockedHostStartsWhatIsLockedAndNothingElse(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t)
		w.add("one", &fake{Handlers: []rpc.Handler{named("one")}})
		w.add("two", &fake{})
		w.lock()
		stranger := w.add("stranger", &fake{})
		before := w.sum("two/run")
		w.write(w.path("two/run"), "#!/bin/sh\n: altered\n", 0o755)
		h := w.open()
		if got := who(t, h.Plugin("one")); got != "one" {
			t.Errorf("%q answers", got)
		}
		refuses(t, h.Plugin("stranger").Ready(t.Context()), `plugin "stranger" is not in the lock file `+w.path("plugins.lock"), "`hotplug lock "+w.config.Dir+"`")
		refuses(t, h.Plugin("two").Ready(t.Context()), `plugin "two" 1.0.0 differs`, "its entry run has the SHA-256 "+w.sum("two/run")+", locked is "+before)
		if stranger.Launched() != nil || h.Plugin("two").Status().Generation > 1 {
			t.Errorf("something was started: %+v", h.Plugin("two").Status())
		}
	})
}

func TestALockedHostRefusesEveryChangeUntilItIsLockedAndWhatRunsGoesOn(t *testing.T) {
	for what, change := range map[string]func(w *world){
		"its entry run has the SHA-256": func(w *world) { w.write(w.path("one/run"), "#!/bin/sh\n: new\n", 0o755) },
		"its files have the hash":       func(w *world) { w.write(w.path("one/data"), "", 0o644) },
		"its manifest has the SHA-256":  func(w *world) { w.release("1.0.0", "one", &fake{}, members{"env": members{"set": members{"A": "b"}}}) },
	} {
		synctest.Test(t, func(t *testing.T) {
			w := newWorld(t)
			w.add("one", &fake{Handlers: []rpc.Handler{named("old")}})
			w.lock()
			p := w.open().Plugin("one")
			change(w)
			w.cast("one", &fake{Handlers: []rpc.Handler{named("new")}})
			refuses(t, p.Reload(t.Context()), "reload one: ", `plugin "one" 1.0.0 differs from the lock file `, what, ", locked is ", "`hotplug lock ")
			if s := p.Status(); s.State != host.Ready || s.Generation != 1 || who(t, p) != "old" || !strings.HasPrefix(s.Reason, "the change was refused: plugin") {
				t.Errorf("%s: %+v", what, s)
			}
			w.lock()
			w.reload(p)
			if s := p.Status(); s.State != host.Ready || s.Generation != 2 || who(t, p) != "new" || s.Error != "" {
				t.Errorf("%s: it was locked: %+v", what, s)
			}
		})
	}
}

func TestALockedHostRefusesAConfigurationThatIsNotLocked(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t)
		w.add("one", &fake{})
		w.lock()
		p := w.open().Plugin("one")
		w.add("one", &fake{}, members{"config": members{"default": members{"admin": true}}})
		refuses(t, p.Reload(t.Context()), "its manifest has the SHA-256 "+w.sum("one/plugin.json"))
	})
}

func TestALockedHostNoticesThatItsLockFileWasWrittenAnew(t *testing.T) {
	for _, place := range []string{"", filepath.Join(t.TempDir(), "own.lock")} {
		w := newWorld(t)
		w.config.LockFile = place
		w.add("one", &fake{Handlers: []rpc.Handler{named("old")}})
		w.lock()
		h, events := w.watching()
		w.release("1.1.0", "one", &fake{Handlers: []rpc.Handler{named("new")}})
		w.add("two", &fake{Handlers: []rpc.Handler{named("two")}})
		until(t, events, "one", host.Ready, "the change was refused: plugin \"one\" 1.1.0 differs")
		until(t, events, "two", host.Failed, "is not in the lock file")
		if got := who(t, h.Plugin("one")); got != "old" {
			t.Errorf("%q answers", got)
		}
		w.lock()
		accepted(t, events, map[string]string{"one": "reloaded: 1.1.0 follows 1.0.0", "two": ""})
		if one, two := who(t, h.Plugin("one")), who(t, h.Plugin("two")); one != "new" || two != "two" {
			t.Errorf("%q and %q answer", one, two)
		}
	}
}

// accepted waits until all of them are ready, in whatever order.
func accepted(t *testing.T, events <-chan host.Event, reasons map[string]string) {
	t.Helper()
	late := time.After(time.Minute)
	for len(reasons) > 0 {
		select {
		case e := <-events:
			if reason, waited := reasons[e.Plugin]; waited && e.To == host.Ready && strings.Contains(e.Reason, reason) {
				delete(reasons, e.Plugin)
			}
		case <-late:
			t.Fatalf("never came %v", reasons)
		}
	}
}

func TestALockFileThatIsLostUnderARunningHostHasEveryChangeRefused(t *testing.T) {
	for content, want := range map[string]string{"": "file does not exist", "{": "it is torn", `{"lock": 7}`: "it has the version 7, this program knows 1"} {
		synctest.Test(t, func(t *testing.T) {
			w := newWorld(t)
			w.add("one", &fake{Handlers: []rpc.Handler{named("old")}})
			w.lock()
			p := w.open().Plugin("one")
			if err := os.Remove(w.path("plugins.lock")); err != nil {
				t.Fatal(err)
			}
			if content != "" {
				w.write(w.path("plugins.lock"), content, 0o644)
			}
			w.release("1.1.0", "one", &fake{Handlers: []rpc.Handler{named("new")}})
			refuses(t, p.Reload(t.Context()), `plugin "one" 1.1.0 is not started, since nothing says that it was accepted: lock file `, want)
			if got := who(t, p); got != "old" {
				t.Errorf("%q answers", got)
			}
		})
	}
}

func TestALockedHostWithoutAReadableLockFileDoesNotOpen(t *testing.T) {
	for content, want := range map[string]string{"": "does not exist", "{": "it is torn", `{"lock": 7}`: "it has the version 7"} {
		w := newWorld(t)
		w.config.Locked = true
		f := w.add("one", &fake{})
		if content != "" {
			w.write(w.path("plugins.lock"), content, 0o644)
		}
		_, err := host.Open(w.ctx(), w.config)
		refuses(t, err, "open host kit: lock file "+w.path("plugins.lock"), want, "write it", "`hotplug lock "+w.config.Dir+"`")
		if content == "" && !errors.Is(err, fs.ErrNotExist) || f.Launched() != nil {
			t.Errorf("%v; something was started: %v", err, f.Launched() != nil)
		}
	}
}

func TestWhatWasAdmittedIsStartedAgainAfterACrashWhateverTheFolderHolds(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t)
		f := w.add("one", &fake{Handlers: []rpc.Handler{named("old")}}, members{"restart": members{"policy": "always"}})
		w.lock()
		p := w.open().Plugin("one")
		w.write(w.path("one/run"), "#!/bin/sh\n: altered\n", 0o755)
		f.Launched().Exit(1, "")
		synctest.Wait()
		if err := p.Ready(t.Context()); err != nil || who(t, p) != "old" || p.Status().Generation != 2 {
			t.Errorf("%v, %+v", err, p.Status())
		}
	})
}

func TestALockedHostGoesOnOnlyWithProcessesThatTheLockFileHasOrThatAreReplaced(t *testing.T) {
	for what, c := range map[string]struct {
		between func(w *world)
		pid     bool // the same process
		works   bool
	}{
		"nothing has changed":          {func(*world) {}, true, true},
		"the folder was altered":       {func(w *world) { w.write(w.path("one/run"), "#!/bin/sh\n: x\n", 0o755) }, true, true},
		"both were replaced":           {func(w *world) { w.write(w.path("one/run"), "#!/bin/sh\n: x\n", 0o755); w.lock() }, false, true},
		"the process was never locked": {func(w *world) { w.write(w.path("plugins.lock"), `{"lock": 1, "plugins": []}`, 0o644) }, false, false},
	} {
		synctest.Test(t, func(t *testing.T) {
			w := newWorld(t)
			w.add("one", &newTally().fake, kept)
			w.lock()
			first := w.open()
			pid := first.Plugin("one").Status().PID
			w.detach(first)
			c.between(w)
			p := w.open().Plugin("one")
			synctest.Wait()
			if s := p.Status(); (s.State == host.Ready) != c.works || (s.PID == pid) != c.pid {
				t.Errorf("%s: %+v", what, s)
			}
		})
	}
}

func TestAnEntryThatIsNotWhatItsManifestSaysIsNeverStarted(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t)
		right := fmt.Sprintf("%x", sha256.Sum256([]byte("#!/bin/sh\nexit 0 # one\n")))
		with := func(sum string) members {
			return members{"entry": members{runtime.GOOS + "/" + runtime.GOARCH: members{"path": "run", "sha256": sum}}}
		}
		f := w.add("one", &fake{Handlers: []rpc.Handler{named("one")}}, with(right))
		w.write(w.path("one/run"), "#!/bin/sh\n: torn\n", 0o755)
		p := w.open().Plugin("one")
		refuses(t, p.Ready(t.Context()), `entry "run" has the SHA-256 `+w.sum("one/run")+", expected was "+right)
		if f.Launched() != nil {
			t.Error("it was started")
		}
		w.add("one", f, with(right))
		w.reload(p)
		w.write(w.path("one/run"), "#!/bin/sh\n: torn\n", 0o755)
		refuses(t, p.Reload(t.Context()), "expected was "+right)
		if s := p.Status(); who(t, p) != "one" || s.State != host.Ready {
			t.Errorf("%+v", s)
		}
	})
}

func TestARefusedChangeThatIsTakenBackIsSaidToBeOver(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t)
		w.add("one", &fake{Handlers: []rpc.Handler{named("one")}})
		w.lock()
		p := w.open().Plugin("one")
		w.write(w.path("one/more"), "", 0o644)
		refuses(t, p.Reload(t.Context()), "its files have the hash ")
		if err := os.Remove(w.path("one/more")); err != nil {
			t.Fatal(err)
		}
		if err := p.Look(t.Context()); err != nil {
			t.Fatal(err)
		}
		synctest.Wait()
		if s := p.Status(); s.Error != "" || s.Reason != "what is installed is what runs, again" || s.Generation != 1 {
			t.Errorf("%+v", s)
		}
	})
}
