package host_test

import (
	"context"
	"errors"
	"iter"
	"path/filepath"
	"strings"
	"sync/atomic"
	"testing"
	"testing/synctest"

	"github.com/go-hotplug/hotplug/host"
	"github.com/go-hotplug/hotplug/rpc"
)

const (
	appUser  rpc.Query[string, string]  = "app.user"
	appTold  rpc.Notice[string]         = "app.told"
	appRows  rpc.Stream[string, string] = "app.rows"
	appSum   rpc.Upload[string, string] = "app.sum"
	appTalk  rpc.Duplex[string, string] = "app.talk"
	appOther rpc.Query[string, string]  = "application.other"
)

// application is what a host answers, one message of each kind; ran counts the handlers that ran.
func application(ran *atomic.Int64) []rpc.Handler {
	answer := func(_ context.Context, s string) (string, error) { ran.Add(1); return s, nil }
	return []rpc.Handler{
		appUser.Handle(answer), appOther.Handle(answer), echo.Handle(answer),
		appTold.Handle(func(context.Context, string) error { ran.Add(1); return nil }),
		appRows.Handle(func(_ context.Context, s string, send func(string) error) error { ran.Add(1); return send(s) }),
		appSum.Handle(func(context.Context, iter.Seq2[string, error]) (string, error) { ran.Add(1); return "", nil }),
		appTalk.Handle(func(_ context.Context, _ iter.Seq2[string, error], send func(string) error) error {
			ran.Add(1)
			return send("")
		}),
	}
}

// ofEachKind calls all that begins with app. as a plugin, and returns how each call that has an answer ended.
func ofEachKind(t *testing.T, p rpc.Peer) map[string]error {
	t.Helper()
	errs := map[string]error{}
	_, errs["query"] = appUser.Call(t.Context(), p, "Ada")
	for _, err := range appRows.Open(t.Context(), p, "") {
		errs["stream"] = err
	}
	_, errs["upload"] = appSum.Call(t.Context(), p, rpc.Items(func(func(string) bool) {}))
	x, err := appTalk.Open(t.Context(), p)
	if err != nil {
		t.Fatal(err)
	}
	defer x.Close()
	for _, err := range x.Items() {
		errs["duplex"] = err
	}
	if err := appTold.Send(t.Context(), p, ""); err != nil {
		t.Errorf("a notice: %v", err)
	}
	return errs
}

func asking(calls ...string) members {
	return members{"permissions": members{"calls": append([]string{}, calls...)}}
}

// allowing is a world whose host answers application, with one plugin that asks for some calls and is granted others.
func allowing(t *testing.T, f *fake, asks members, grant ...string) (*world, *atomic.Int64) {
	t.Helper()
	w, ran := newWorld(t), &atomic.Int64{}
	w.config.Handlers, w.config.Grant = application(ran), nil
	w.config.Plugins = map[string]host.Settings{"one": {Grant: grant}}
	w.add("one", f, asks)
	return w, ran
}

func TestAPluginMayCallOnlyWhatItsManifestAsksForAndTheHostGrants(t *testing.T) {
	for _, c := range []struct {
		name        string
		asks, grant []string
		may         bool
	}{
		{"by default", nil, nil, false},
		{"asked, not granted", []string{"app.*"}, nil, false},
		{"granted, not asked", nil, []string{"app.*"}, false},
		{"both, each by its beginning", []string{"app.*"}, []string{"app.*"}, true},
		{"both, one by name", []string{"app.user", "app.told", "app.rows", "app.sum", "app.talk"}, []string{host.GrantAll}, true},
		{"both, other ones", []string{"application.*"}, []string{"*"}, false},
	} {
		t.Run(c.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				f := &fake{}
				w, ran := allowing(t, f, asking(c.asks...), c.grant...)
				h := w.open()
				conn := f.Launched().Conn()
				for kind, err := range ofEachKind(t, conn) {
					if c.may && err != nil || !c.may && (!errors.Is(err, rpc.Denied) || rpc.Delivered(err) != rpc.NotDelivered) {
						t.Errorf("%s: %v", kind, err)
					}
				}
				if err := conn.AwaitNotices(t.Context()); err != nil {
					t.Error(err)
				}
				want, denied := int64(0), uint64(5)
				if c.may {
					want, denied = 5, 0
				}
				if s := h.Plugin("one").Status(); ran.Load() != want || s.Denied != denied {
					t.Errorf("%d handlers ran, %d calls were denied", ran.Load(), s.Denied)
				}
			})
		})
	}
}

func TestWhatEveryPluginIsGrantedAndWhatOneIsAddUp(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		f, g := &fake{}, &fake{}
		w, _ := allowing(t, f, asking("*"), "app.user")
		w.add("two", g, asking("*"))
		w.config.Grant = []string{"application.other"}
		w.open()
		for _, p := range []*fake{f, g} {
			if _, err := appOther.Call(t.Context(), p.Launched().Conn(), ""); err != nil {
				t.Error(err)
			}
		}
		if _, err := appUser.Call(t.Context(), f.Launched().Conn(), ""); err != nil {
			t.Error(err)
		}
		if _, err := appUser.Call(t.Context(), g.Launched().Conn(), ""); !errors.Is(err, rpc.Denied) {
			t.Errorf("what is granted to one, another one may: %v", err)
		}
	})
}

func TestARefusedCallNamesTheLinesThatAreMissing(t *testing.T) {
	for _, c := range []struct {
		asks, grant []string
		want        string
	}{
		{nil, nil, `app.user: plugin "one" may not call it: its manifest does not ask for it: write "permissions": {"calls": ["app.user"]} in PATH; ` +
			`and this host does not grant it: add "app.user" to host.Config.Plugins["one"].Grant`},
		{[]string{"app.rows"}, []string{"app.*"}, `app.user: plugin "one" may not call it: its manifest does not ask for it: write "permissions": {"calls": ["app.rows", "app.user"]} in PATH`},
		{[]string{"*"}, []string{"app.rows"}, `app.user: plugin "one" may not call it: this host does not grant it: add "app.user" to host.Config.Plugins["one"].Grant`},
	} {
		synctest.Test(t, func(t *testing.T) {
			f := &fake{}
			w, _ := allowing(t, f, asking(c.asks...), c.grant...)
			w.open()
			_, err := appUser.Call(t.Context(), f.Launched().Conn(), "")
			want := strings.ReplaceAll(c.want, "PATH", filepath.Join(w.config.Dir, "one", "plugin.json"))
			var e *rpc.Error
			if !errors.As(err, &e) || e.Message != want || e.Origin != rpc.FromHost || e.Retryable {
				t.Errorf("got  %v\nwant %s", err, want)
			}
		})
	}
}

func TestARefusalIsLoggedOnceForEachMessageAlsoOfANotice(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var j journal
		f := &fake{}
		w, _ := allowing(t, f, asking("app.told"))
		w.config.Logger = j.logger()
		w.open()
		conn := f.Launched().Conn()
		for range 3 {
			_, _ = appUser.Call(t.Context(), conn, "")
			_ = appTold.Send(t.Context(), conn, "")
		}
		if err := conn.AwaitNotices(t.Context()); err != nil {
			t.Error(err)
		}
		for _, message := range []string{"app.user", "app.told"} {
			if n := strings.Count(j.String(), message+`: plugin \"one\" may not call it`); n != 1 {
				t.Errorf("the refusal of %s was logged %d times:\n%s", message, n, j.String())
			}
		}
	})
}

func TestAPluginThatUsesWhatItMayNotCallRunsAndTheLogSaysOnceWhichLineIsMissing(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var j journal
		w, _ := allowing(t, &fake{Uses: []rpc.Use{appUser.Use(), appOther.Use(), appOther.Use()}}, asking("app.user", "application.other"), "app.user")
		w.config.Logger = j.logger()
		if s := w.open().Plugin("one").Status(); s.State != host.Ready {
			t.Errorf("%+v", s)
		}
		log := j.String()
		if strings.Count(log, `add \"application.other\" to host.Config.Plugins[\"one\"].Grant`) != 1 || strings.Contains(log, "app.user: plugin") {
			t.Errorf("log:\n%s", log)
		}
	})
}

func TestOtherPermissionsOfAManifestHoldForTheNextCallOfTheSameProcess(t *testing.T) {
	f := &fake{}
	w, _ := allowing(t, f, asking(), "app.*")
	inside, leave := make(chan struct{}), make(chan struct{})
	w.config.Handlers = []rpc.Handler{appUser.Handle(func(context.Context, string) (string, error) {
		inside <- struct{}{}
		<-leave
		return "", nil
	})}
	h, events := w.watching()
	conn := f.Launched().Conn()
	if _, err := appUser.Call(t.Context(), conn, ""); !errors.Is(err, rpc.Denied) {
		t.Errorf("before it asks: %v", err)
	}
	w.add("one", f, asking("app.user"))
	until(t, events, "one", host.Ready, "it has other permissions")
	ended := make(chan error)
	go func() {
		_, err := appUser.Call(t.Context(), conn, "")
		ended <- err
	}()
	select {
	case <-inside:
	case err := <-ended:
		t.Fatalf("when it asks: %v", err)
	}
	w.add("one", f, asking())
	until(t, events, "one", host.Ready, "it has other permissions")
	if _, err := appUser.Call(t.Context(), conn, ""); !errors.Is(err, rpc.Denied) {
		t.Errorf("when it asks no more: %v", err)
	}
	close(leave)
	if err := <-ended; err != nil {
		t.Errorf("a call that had begun: %v", err)
	}
	if s := h.Plugin("one").Status(); s.Generation != 1 || s.Denied != 2 {
		t.Errorf("%+v", s)
	}
}

func TestEachVersionHasThePermissionsOfItsOwnManifest(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		calls, ended := make(chan struct{}), make(chan error, 1)
		asks := hang.Handle(func(ctx context.Context, _ string) (string, error) {
			<-calls
			_, err := appUser.Call(ctx, rpc.Caller(ctx), "")
			ended <- err
			return "", nil
		})
		fresh := &fake{Handlers: []rpc.Handler{asks}}
		w, _ := allowing(t, &fake{Handlers: []rpc.Handler{asks}}, asking("app.user"), "app.*")
		p := w.open().Plugin("one")
		go hang.Call(t.Context(), p, "") // the old instance stays for that
		synctest.Wait()
		w.release("1.1.0", "one", fresh, asking())
		w.reload(p)
		if _, err := appUser.Call(t.Context(), fresh.Launched().Conn(), ""); !errors.Is(err, rpc.Denied) {
			t.Errorf("the version that does not ask: %v", err)
		}
		close(calls)
		if err := <-ended; err != nil {
			t.Errorf("the version that asks: %v", err)
		}
	})
}

func TestAProcessThatOutlivedItsHostHasThePermissionsOfTheNextHost(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		f := &newTally().fake
		w, _ := allowing(t, f, members{"disconnect": kept["disconnect"], "permissions": members{"calls": []string{"app.user"}}})
		h := w.open()
		if _, err := appUser.Call(t.Context(), f.Launched().Conn(), ""); !errors.Is(err, rpc.Denied) {
			t.Errorf("before it is granted: %v", err)
		}
		w.detach(h)
		w.config.Grant = []string{host.GrantAll}
		if s := w.open().Plugin("one").Status(); s.Generation != 1 {
			t.Fatalf("%+v", s)
		}
		synctest.Wait() // the plugin has the new connection
		if _, err := appUser.Call(t.Context(), f.Launched().Conn(), ""); err != nil {
			t.Error(err)
		}
	})
}

func TestAWorkerWithoutAManifestMayCallAllThatItsHostAnswers(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t)
		var ran atomic.Int64
		w.config.Handlers, w.config.Grant = application(&ran), nil
		f := &fake{}
		p, err := host.Start(w.ctx(), w.launch(f))
		if err != nil {
			t.Fatal(err)
		}
		for kind, err := range ofEachKind(t, f.Launched().Conn()) {
			if err != nil {
				t.Errorf("%s: %v", kind, err)
			}
		}
		p.Close()
		w.Starter.Wait()
	})
}

func TestAGrantThatIsNoMessageIsRefusedByOpen(t *testing.T) {
	w := newWorld(t)
	w.config.Grant = []string{"app.user", "app*"}
	_, err := host.Open(w.ctx(), w.config)
	contains(t, err, `host.Config: Grant: found "app*", want the name of a message, such as app.user`)
	w.config.Grant, w.config.Plugins = nil, map[string]host.Settings{"one": {Grant: []string{""}}}
	_, err = host.Open(w.ctx(), w.config)
	contains(t, err, `host.Config: Plugins["one"]: Grant: found "", want the name of a message`)
}

func TestPermissionsAddNoAllocationToACallOfAPlugin(t *testing.T) {
	if raced {
		t.Skip("the race detector has pools lose what they hold, at random")
	}
	w := newWorld(t)
	var ran atomic.Int64
	w.config.Handlers = application(&ran)
	all, some := &fake{}, &fake{}
	w.add("some", some, asking("application.*", "app.rows", "app.user"))
	w.open()
	l := w.launch(all)
	p, err := host.Start(w.ctx(), l)
	if err != nil {
		t.Fatal(err)
	}
	defer p.Close()
	allocs := func(f *fake) float64 {
		conn := f.Launched().Conn()
		return testing.AllocsPerRun(500, func() { _, _ = appUser.Call(context.Background(), conn, "x") })
	}
	if free, asked := allocs(all), allocs(some); asked > free {
		t.Errorf("a call allocates %.0f times, %.0f of a plugin with permissions", free, asked)
	}
}
