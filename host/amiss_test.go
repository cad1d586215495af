package host_test

import (
	"context"
	"errors"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/go-hotplug/hotplug/host"
)

func broken() *fake {
	return &fake{Start: func(context.Context) error { return errors.New("no disk") }}
}

func TestAStatusSaysThatSomethingElseIsInstalledForAsLongAsThatIsSo(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t)
		how := members{"reload": members{"rollbackWindow": "10s"}}
		w.add("one", &fake{}, how)
		h := w.open()
		p := h.Plugin("one")
		w.release("1.1.0", "one", &fake{}, how)
		w.reload(p)
		w.release("1.2.0", "one", broken(), how)
		w.seeFolder(h)
		time.Sleep(time.Minute)
		s := p.Status()
		if s.Version != "1.1.0" || s.State != host.Ready || !strings.Contains(s.Error, "no disk") ||
			!strings.Contains(s.Reason, "1.1.0 has passed its probation; what is installed now does not run: ") {
			t.Errorf("after its probation: %+v", s)
		}
		w.release("1.1.0", "one", &fake{}, how)
		w.seeFolder(h)
		if s := p.Status(); s.Error != "" || s.Reason != "what is installed is what runs, again" {
			t.Errorf("when what runs is installed again: %+v", s)
		}
		w.release("1.2.0", "one", broken(), how)
		w.seeFolder(h)
		if s := p.Status(); !strings.Contains(s.Error, "no disk") || !strings.Contains(s.Reason, "1.1.0 goes on: what is installed now is known not to come up: ") {
			t.Errorf("when what was refused is installed again: %+v", s)
		}
	})
}

func TestAFailedPluginSaysThatWhatIsInstalledNowWasRefusedBefore(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t)
		w.add("one", broken())
		h := w.open()
		p := h.Plugin("one")
		w.release("1.1.0", "one", &fake{Start: func(context.Context) error { return errors.New("no network") }})
		w.seeFolder(h)
		w.release("1.0.0", "one", broken())
		w.seeFolder(h)
		if s := p.Status(); s.State != host.Failed || !strings.Contains(s.Reason, "what is installed now is known not to come up: its Start hook: no disk") {
			t.Errorf("%+v", s)
		}
	})
}
