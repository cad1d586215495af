package host_test

import (
	"context"
	"errors"
	"slices"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/go-hotplug/hotplug/host"
	"github.com/go-hotplug/hotplug/rpc"
)

const ask rpc.Query[string, string] = "kit.ask"

func TestWhatAnInstanceDidNotTakeGoesToTheOneThatTakesOver(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t)
		var mu sync.Mutex
		var notices []string
		by := func(name string) []rpc.Handler {
			return []rpc.Handler{
				echo.Handle(func(context.Context, string) (string, error) { return name, nil }),
				note.Handle(func(_ context.Context, text string) error {
					mu.Lock()
					defer mu.Unlock()
					notices = append(notices, name+" "+text)
					return nil
				}),
			}
		}
		w.add("one", &fake{Deaf: true, Handlers: by("one")})
		w.add("two", &fake{Handlers: by("two")})
		h := w.open()
		one := h.Plugin("one")
		if err := note.Send(t.Context(), one, "1"); err != nil {
			t.Fatal(err)
		}
		if err := one.Conn().Goodbye(t.Context(), rpc.Goodbye{Then: rpc.GoodbyeStop}); err != nil {
			t.Fatal(err)
		}
		answered, sent := make(chan string, 1), make(chan error, 1)
		go func() { text, err := echo.Call(t.Context(), one, ""); answered <- text + errorText(err) }()
		go func() { sent <- errors.Join(note.Send(t.Context(), one, "2"), note.Send(t.Context(), one, "3")) }()
		time.Sleep(5 * time.Second)
		one.TakeOver(h.Plugin("two"))
		if text, err := <-answered, <-sent; text != "two" || err != nil {
			t.Errorf("call: %s; notices: %v", text, err)
		}
		synctest.Wait()
		if want := []string{"one 1", "two 2", "two 3"}; !slices.Equal(notices, want) {
			t.Errorf("notices %q", notices)
		}
	})
}

func errorText(err error) string {
	if err == nil {
		return ""
	}
	return err.Error()
}

func TestALostQueryIsAskedOfTheInstanceThatTakesOverAndAMethodIsNot(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t)
		runs := 0
		w.add("one", &fake{Handlers: []rpc.Handler{ask.Handle(hanging), hang.Handle(hanging)}})
		w.add("two", &fake{Handlers: []rpc.Handler{ask.Handle(echoed), hang.Handle(func(context.Context, string) (string, error) { runs++; return "", nil })}})
		h := w.open()
		one := h.Plugin("one")
		answered, called := make(chan string, 1), make(chan error, 1)
		go func() { text, err := ask.Call(t.Context(), one, "hi"); answered <- text + errorText(err) }()
		go func() { _, err := hang.Call(t.Context(), one, ""); called <- err }()
		synctest.Wait()
		before := one.Conn()
		one.TakeOver(h.Plugin("two"))
		before.CancelCalls(rpc.Unavailable, "the drain time-out has passed")
		if text := <-answered; text != "hi" {
			t.Errorf("query: %s", text)
		}
		if err := <-called; !errors.Is(err, rpc.Unavailable) || rpc.Delivered(err) != rpc.PerhapsDelivered || runs != 0 {
			t.Errorf("method: %v, delivered %s; ran %d times more", err, rpc.Delivered(err), runs)
		}
	})
}

func TestALostQueryOfAPluginThatFailedSaysBoth(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t)
		f := w.add("one", &fake{Handlers: []rpc.Handler{ask.Handle(hanging)}})
		h := w.open()
		answered := make(chan error, 1)
		go func() { _, err := ask.Call(t.Context(), h.Plugin("one"), ""); answered <- err }()
		synctest.Wait()
		f.Launched().Exit(3, "")
		err := <-answered
		want := `plugin "one" 1.0.0: kit.ask: the peer closed the connection (exit status 3) (attempt 1); then: kit.ask: plugin "one" is failed: it ended while it was serving: exit status 3`
		var report *host.CrashReport
		if !strings.HasPrefix(errorText(err), want) || !errors.As(err, &report) || rpc.CodeOf(err) != rpc.Unavailable || rpc.Delivered(err) != rpc.PerhapsDelivered {
			t.Errorf("got %q, delivered %s, want %q", err, rpc.Delivered(err), want)
		}
	})
}

func TestAPluginWithoutRoomIsTriedAgainUntilItHasSome(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t)
		busy := make(chan struct{})
		w.add("one", &fake{Inflight: 1, Handlers: []rpc.Handler{echo.Handle(func(_ context.Context, s string) (string, error) {
			if s == "busy" {
				<-busy
			}
			return s, nil
		})}})
		h := w.open()
		p := h.Plugin("one")
		answered := make(chan error, 2)
		for _, text := range []string{"busy", "hi"} {
			go func() { _, err := echo.Call(t.Context(), p, text); answered <- err }()
			synctest.Wait()
		}
		time.Sleep(10 * time.Second)
		close(busy)
		if err := errors.Join(<-answered, <-answered); err != nil {
			t.Error(err)
		}
	})
}

func TestACallThatWaitsForAnotherInstanceEndsAtItsDeadline(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t)
		w.add("one", &fake{Deaf: true, Handlers: []rpc.Handler{echo.Handle(echoed)}})
		one := w.open().Plugin("one")
		if err := one.Conn().Goodbye(t.Context(), rpc.Goodbye{Then: rpc.GoodbyeStop}); err != nil {
			t.Fatal(err)
		}
		ctx, cancel := context.WithTimeout(t.Context(), 2*time.Second)
		defer cancel()
		began := time.Now()
		_, err := echo.Call(ctx, one, "")
		want := `plugin "one" 1.0.0: kit.echo: this side has said goodbye and starts nothing new (attempt 1); then: kit.echo: plugin "one" is being replaced or ended: context deadline exceeded`
		if d := time.Since(began); d != 2*time.Second || errorText(err) != want || rpc.Delivered(err) != rpc.NotDelivered {
			t.Errorf("after %s: %v", d, err)
		}
	})
}

func TestACallThroughAPluginAllocatesNoMoreThanOneOnItsConnection(t *testing.T) {
	if raced {
		t.Skip("the race detector has pools lose what they hold, at random")
	}
	w := newWorld(t)
	w.add("one", &fake{Handlers: []rpc.Handler{echo.Handle(echoed)}})
	p := w.open().Plugin("one")
	allocs := func(peer rpc.Peer) float64 {
		return testing.AllocsPerRun(500, func() { _, _ = echo.Call(context.Background(), peer, "hi") })
	}
	if bare, through := allocs(p.Conn()), allocs(p); through > bare {
		t.Errorf("on its connection %.0f, through the plugin %.0f", bare, through)
	}
}
