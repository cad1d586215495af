package registry_test

import (
	"context"
	"testing"
	"time"

	"github.com/go-hotplug/hotplug/registry"
)

func TestAFurtherFileThatComesChangesOrGoesIsToldThoughNoPluginHasChanged(t *testing.T) {
	bubble(t, func(l *lookout) {
		l.opt.Also = []string{l.path("one/plugins.lock"), l.path("two/absent")}
		l.start("added a")
		for _, text := range []string{"1", "22"} {
			l.write("one/plugins.lock", text, 0o644)
			l.src.hint()
			l.after(90 * ms)
			l.after(200*ms, "")
		}
		l.write("one/other.lock", "1", 0o644)
		l.src.hint()
		l.after(time.Hour)
		l.remove("one/plugins.lock")
		l.src.hint()
		l.after(300*ms, "")
		if len(l.last.Found) != 1 {
			t.Errorf("the registry has %+v", l.last.Found)
		}
	})
}

func TestAFurtherFileInAnotherFolderHasEvents(t *testing.T) {
	s := newShelf(t, 1)
	s.plugin("one/a", "a", "1.0.0")
	s.write("etc/plugins.lock", "1", 0o644)
	told := make(chan string)
	ctx, cancel := context.WithCancel(t.Context())
	ended := make(chan error, 1)
	go func() {
		o := registry.WatchOptions{Rescan: -1, Also: []string{s.path("etc/plugins.lock")}}
		ended <- registry.Watch(ctx, s.opts, o, func(r *registry.Registry) {
			select {
			case told <- chosen(r):
			case <-ctx.Done():
			}
		})
	}()
	next := func() {
		t.Helper()
		select {
		case got := <-told:
			if got != "a 1.0.0" {
				t.Errorf("got %s", got)
			}
		case <-time.After(patience):
			t.Fatal("nothing was told")
		}
	}
	next()
	s.write("etc/plugins.lock", "22", 0o644)
	next()
	cancel()
	if err := <-ended; err != nil {
		t.Error(err)
	}
}
