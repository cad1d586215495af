package registry_test

import (
	"context"
	"errors"
	"os"
	"strings"
	"sync/atomic"
	"syscall"
	"testing"
	"testing/synctest"
	"time"

	"github.com/go-hotplug/hotplug/registry"
)

const ms = time.Millisecond

func TestWatchHandsOverWhatIsThereAtOnceEvenIfThatIsNothing(t *testing.T) {
	bubble(t, func(l *lookout) { l.start("added a") })
	bubble(t, func(l *lookout) {
		l.opts.Path = []string{l.path("not/there/yet")}
		l.start("")
		if len(l.last.Folders) != 1 || l.last.Folders[0].Err == nil {
			t.Errorf("got %+v", l.last.Folders)
		}
	})
}

func TestWatchRefusesBadOptionsAndReturnsNilWhenItsContextEnds(t *testing.T) {
	never := func(*registry.Registry) { t.Error("changed was called") }
	if err := registry.Watch(t.Context(), registry.Options{}, registry.WatchOptions{}, never); err == nil || !strings.Contains(err.Error(), "search path is empty") {
		t.Errorf("got %v", err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if err := registry.Watch(ctx, registry.Options{Path: []string{t.TempDir()}}, registry.WatchOptions{}, never); err != nil {
		t.Errorf("got %v", err)
	}
}

func TestAChangeCountsWhenThePluginWasLeftAloneForTheQuietPeriod(t *testing.T) {
	bubble(t, func(l *lookout) {
		l.opt.Quiet = 300 * ms
		l.start("added a")
		l.version("1.1.0")
		l.after(290 * ms)
		l.version("1.2.0")
		l.after(290 * ms)
		l.after(20*ms, "changed a")
		if got := chosen(l.last); got != "a 1.2.0" {
			t.Errorf("got %s", got)
		}
		l.after(time.Hour)
	})
}

func TestTheQuietPeriodIsLongerWhereNobodyCanTellWhetherAFileIsBeingWritten(t *testing.T) {
	bubble(t, func(l *lookout) {
		l.blind = true
		l.start("added a")
		l.version("1.1.0")
		l.after(490 * ms)
		l.after(20*ms, "changed a")
		l.remove("one/a") // nothing is there that could be written
		l.src.hint()
		l.after(90 * ms)
		l.after(60*ms, "removed a")
	})
	bubble(t, func(l *lookout) {
		l.blind, l.opt.Quiet = true, 50*ms
		l.start("added a")
		l.version("1.1.0")
		l.after(60*ms, "changed a")
	})
}

func TestWhatIsBackAsItWasIsNoChange(t *testing.T) {
	bubble(t, func(l *lookout) {
		l.start("added a")
		l.rename("one/a", "one/a.old")
		l.src.hint()
		l.after(60 * ms)
		l.rename("one/a.old", "one/a")
		l.src.hint()
		l.after(time.Hour)
	})
}

func TestATouchIsAChange(t *testing.T) {
	bubble(t, func(l *lookout) {
		l.start("added a")
		l.touch("one/a/"+entryName(), time.Unix(1e9, 0))
		l.src.hint()
		l.after(time.Second, "changed a")
	})
}

func TestARestlessPluginStaysAsItWasAndHoldsNobodyElseUp(t *testing.T) {
	bubble(t, func(l *lookout) {
		l.plugin("one/b", "b", "1.0.0")
		l.start("added a, added b")
		for i := range 400 {
			l.write("one/a/data", strings.Repeat("x", i), 0o644)
			if i == 100 {
				l.plugin("one/b", "b", "2.0.0")
			}
			if i == 200 {
				l.plugin("one/c", "c", "1.0.0", `"requires": {"a": "^1", "b": "^2"}`)
			}
			l.src.hint()
			time.Sleep(30 * ms)
		}
		l.after(0, "changed b", "added c")
		if got := chosen(l.last); got != "a 1.0.0, b 2.0.0, c 1.0.0" {
			t.Errorf("got %s", got)
		}
		warned := l.warned()
		if len(warned) != 1 {
			t.Fatalf("%d warnings, want one: %q", len(warned), warned)
		}
		contains(t, warned[0], "does not come to rest", "plugina", "it keeps changing")
		l.after(time.Second, "changed a")
	})
}

func TestAStormOfEventsCostsNoMoreThanALookPerHalfAQuietPeriod(t *testing.T) {
	bubble(t, func(l *lookout) {
		l.start("added a")
		before := l.src.looked()
		for range 10_000 {
			l.src.hint()
			time.Sleep(ms)
		}
		if looks := l.src.looked() - before; looks < 100 || looks > 201 {
			t.Errorf("%d looks in 10 s, want at most one in 50 ms", looks)
		}
		l.after(time.Second)
	})
}

func TestNoEventMeansNoLookButForTheRescan(t *testing.T) {
	bubble(t, func(l *lookout) {
		l.start("added a")
		before := l.src.looked()
		l.after(time.Hour)
		if looks := l.src.looked() - before; looks != 120 {
			t.Errorf("%d looks in an hour, want one in 30 s", looks)
		}
	})
}

func TestChangedIsNeverCalledTwiceAtOnceAndWhatHappensMeanwhileIsSeen(t *testing.T) {
	bubble(t, func(l *lookout) {
		running := make(chan struct{}, 1) // its one place is taken while changed runs
		l.during = func() {
			select {
			case running <- struct{}{}:
			default:
				t.Error("changed was called while it ran")
			}
			time.Sleep(10 * time.Second)
			<-running
		}
		l.opt.Rescan = -1
		l.begin()
		time.Sleep(5 * time.Second)
		l.version("1.1.0")
		time.Sleep(time.Second)
		l.version("1.2.0")
		time.Sleep(time.Minute)
		synctest.Wait()
		if got := chosen(l.last); got != "a 1.2.0" {
			t.Errorf("got %s", got)
		}
	})
}

func TestALostEventIsMadeUpForByTheRescan(t *testing.T) {
	bubble(t, func(l *lookout) {
		l.start("added a")
		l.plugin("one/a", "a", "1.1.0")
		l.after(29 * time.Second)
		l.after(2*time.Second, "changed a")
	})
	bubble(t, func(l *lookout) {
		l.opt.Rescan = -1
		l.start("added a")
		l.plugin("one/a", "a", "1.1.0")
		l.after(time.Hour)
		l.src.hint()
		l.after(time.Second, "changed a")
	})
}

func TestWhatHappenedBetweenALookAndTheWatchOfANewFolderIsSeen(t *testing.T) {
	bubble(t, func(l *lookout) {
		l.opt.Rescan = -1
		l.start("added a")
		l.src.beLate(func() { l.plugin("one/a", "a", "1.1.0") })
		l.src.hint()
		l.after(time.Second, "changed a")
	})
}

func TestPollLooksAtRegularTimesAndAsksForNoEvents(t *testing.T) {
	bubble(t, func(l *lookout) {
		l.opt.Poll = 5 * time.Second
		l.open = func(registry.Logger) (registry.Source, error) { panic("events were asked for") }
		l.start("added a")
		l.plugin("one/a", "a", "1.1.0")
		l.after(4 * time.Second)
		l.after(3*time.Second, "changed a")
		if w := l.warned(); len(w) > 0 {
			t.Errorf("it warns of what was asked for: %q", w)
		}
	})
}

func TestFoldersWithoutEventsArePolledAndThatIsSaidOnce(t *testing.T) {
	for remedy, err := range map[string]error{
		"fs.inotify.max_user_watches":         os.NewSyscallError("inotify_add_watch", syscall.ENOSPC),
		"none is needed: changes are noticed": errors.New("NFS tells only of changes that are made on this machine"),
	} {
		bubble(t, func(l *lookout) {
			l.src.deaf = map[string]error{l.path("one"): err}
			l.start("added a")
			l.plugin("one/a", "a", "1.1.0")
			l.after(3*time.Second, "changed a")
			l.after(time.Hour)
			warned := l.warned()
			if len(warned) != 1 {
				t.Fatalf("%d warnings, want one: %q", len(warned), warned)
			}
			contains(t, warned[0], "no events", l.path("one"), err.Error(), remedy)
			l.src.setDeaf(nil)
			l.after(3 * time.Second)
			before := l.src.looked()
			l.after(time.Minute)
			if looks := l.src.looked() - before; looks > 3 {
				t.Errorf("%d looks in a minute although there are events again", looks)
			}
		})
	}
}

func TestASourceThatCannotBeginIsTriedAgain(t *testing.T) {
	bubble(t, func(l *lookout) {
		var works atomic.Bool
		l.open = func(registry.Logger) (registry.Source, error) {
			if !works.Load() {
				return nil, syscall.EMFILE
			}
			return l.src, nil
		}
		l.start("added a")
		l.plugin("one/a", "a", "1.1.0")
		l.after(3*time.Second, "changed a")
		contains(t, strings.Join(l.warned(), "\n"), "no events", "fs.inotify.max_user_instances")
		works.Store(true)
		l.after(3 * time.Second)
		l.version("1.2.0")
		l.after(200*ms, "changed a")
	})
}

func TestASourceThatBreaksIsReplaced(t *testing.T) {
	bubble(t, func(l *lookout) {
		opened := 0
		l.open = func(registry.Logger) (registry.Source, error) {
			opened++
			if opened > 1 {
				l.src = newFakeSource()
			}
			return l.src, nil
		}
		l.start("added a")
		close(l.src.hints)
		l.after(200 * ms)
		l.version("1.1.0")
		l.after(200*ms, "changed a")
		if opened != 2 {
			t.Errorf("opened %d times, want 2", opened)
		}
	})
}

func TestAPluginWhoseManifestBreaksKeepsItsName(t *testing.T) {
	bubble(t, func(l *lookout) {
		l.plugin("one/folder", "markdown", "1.0.0")
		l.start("added a, added markdown")
		l.write("one/folder/plugin.json", `{"manifest": 1, "na`, 0o644)
		l.src.hint()
		l.after(time.Second, "broken markdown")
		l.plugin("one/folder", "markdown", "1.1.0")
		l.src.hint()
		l.after(time.Second, "changed markdown")
		l.write("one/folder/plugin.json", text("commonmark", "1.0.0", "nowhere"), 0o644)
		l.src.hint()
		l.after(time.Second, "broken commonmark, removed markdown")
	})
}

func TestAPluginsFolderThatCannotBeReadKeepsItsPlugins(t *testing.T) {
	bubble(t, func(l *lookout) {
		l.start("added a")
		l.rename("one", "away")
		l.write("one", "no folder", 0o644)
		l.src.hint()
		l.after(time.Hour)
		if w := l.warned(); len(w) != 1 || !strings.Contains(w[0], "plugins folder cannot be read") {
			t.Errorf("got %q, want one warning", w)
		}
		l.remove("one")
		l.src.hint()
		l.after(time.Second, "removed a")
		l.rename("away", "one")
		l.src.hint()
		l.after(time.Second, "added a")
	})
}

func TestWatchedAreFoldersLinksAndWhatIsMissing(t *testing.T) {
	bubble(t, func(l *lookout) {
		l.plugin("one/a", "a", "1.0.0", `"files": ["lib/**"]`)
		l.write("one/a/lib/deep/x", "", 0o644)
		l.mkdir("one/a/log/deep")
		l.mkdir("one/empty")
		l.plugin("far/v1", "b", "1.0.0")
		l.link(l.path("far/v1"), "far/current")
		l.link(l.path("far/current"), "one/b")
		l.opts.Path = append(l.opts.Path, l.path("far/missing/folder"))
		l.start("added a, added b")
		var got []string
		for _, f := range l.src.folders {
			got = append(got, strings.TrimPrefix(strings.ReplaceAll(f, "\\", "/"), strings.ReplaceAll(l.root, "\\", "/")+"/"))
		}
		if want := "far far/v1 one one/a one/a/lib one/a/lib/deep one/empty"; strings.Join(got, " ") != want {
			t.Errorf("watched: %s\nwant:    %s", strings.Join(got, " "), want)
		}
	})
}
