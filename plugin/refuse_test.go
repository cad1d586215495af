package plugin_test

import (
	"errors"
	"fmt"
	"testing"
	"testing/synctest"
	"time"

	"github.com/go-hotplug/hotplug/internal/wire"
	"github.com/go-hotplug/hotplug/plugin"
	"github.com/go-hotplug/hotplug/rpc"
)

func TestHandshakeRefusesAHostThatIsNotItsOwnAndGoesOnWaiting(t *testing.T) {
	for name, r := range map[string]struct {
		change func(*wire.HostHello)
		code   rpc.Code
		want   string
	}{
		"token":      {func(h *wire.HostHello) { h.Token = wire.NewSecret() }, rpc.Denied, "wrong token: this plugin belongs to another host"},
		"no token":   {func(h *wire.HostHello) { h.Token = "" }, rpc.Denied, "wrong token"},
		"version":    {func(h *wire.HostHello) { h.Hotplug = []int{7, 8} }, rpc.Protocol, "protocol mismatch: host offers 7, 8, plugin speaks 1"},
		"serializer": {func(h *wire.HostHello) { h.Serializer = "JsonSerializer" }, rpc.Protocol, "serializer mismatch: host uses JsonSerializer, plugin uses MessagePackSerializer"},
		"uses":       {func(h *wire.HostHello) { h.Handles = nil }, rpc.Unimplemented, "kit.ask"},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				l := serve(t, plugin.Server{Uses: []rpc.Use{ask.Use()}, Handlers: []rpc.Handler{echo.Handle(echoed)}})
				h := l.Hello()
				h.Handles = rpc.Records([]rpc.Use{ask.Use()})
				r.change(h)
				_, _, err := l.try(h)
				contains(t, err, r.want)
				var refusal *wire.Refusal
				if !errors.As(err, &refusal) || refusal.Code != string(r.code) {
					t.Errorf("code %+v, want %s", refusal, r.code)
				}
				c, _ := l.connect(ask.Handle(echoed))
				if got, err := echo.Call(t.Context(), c, "hi"); got != "hi" || err != nil {
					t.Errorf("the right host got %q, %v", got, err)
				}
				l.goodbye(c)
				if err := <-l.ended; err != nil {
					t.Error(err)
				}
			})
		})
	}
}

func TestAPluginThatDescribesMoreThanALineMaySaysSoToItsHost(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var many []rpc.Handler
		for n := range wire.MaxMessages + 1 {
			many = append(many, rpc.Method[string, string](fmt.Sprint("m", n)).Handle(echoed))
		}
		l := serve(t, plugin.Server{Handlers: many})
		_, _, err := l.try(l.Hello())
		contains(t, err, "messages in handles or uses, at most 4096 are allowed: describe fewer")
		l.ask()
		<-l.ended
	})
}

func TestGarbageIsAnsweredWithASentence(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		l := serve(t, plugin.Server{})
		s := l.dial()
		if _, err := s.Write([]byte("GET / HTTP/1.1\r\n")); err != nil {
			t.Fatal(err)
		}
		_, err := wire.ReadPluginHello(s.Reader)
		contains(t, err, `expected a handshake line of JSON, found "GET / HTTP/1.1`)
		l.ask()
		<-l.ended
	})
}

func TestSilentStrangersDoNotLockTheHostOut(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		l := serve(t, plugin.Server{Handlers: []rpc.Handler{echo.Handle(echoed)}})
		began := time.Now()
		for range plugin.Strangers + 1 {
			l.dial()
		}
		c, _ := l.connect()
		if d := time.Since(began); d != 10*time.Second {
			t.Errorf("the host had to wait for %s", d)
		}
		if _, err := echo.Call(t.Context(), c, ""); err != nil {
			t.Error(err)
		}
		l.goodbye(c)
		<-l.ended
	})
}

func TestAStrangerThatSaysNothingIsDroppedAtTheHandshakesLimit(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		l := serve(t, plugin.Server{}, func(s *wire.Startup) { s.Timeouts.Handshake = 3000 })
		began := time.Now()
		s := l.dial()
		if _, err := s.Write([]byte(`{"hotplug":`)); err != nil {
			t.Fatal(err)
		}
		if _, err := wire.ReadPluginHello(s.Reader); err == nil || time.Since(began) != 3*time.Second {
			t.Errorf("%v after %s", err, time.Since(began))
		}
		l.ask()
		<-l.ended
	})
}

func TestTheSameHostReplacesItsConnection(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		l := serve(t, plugin.Server{Handlers: []rpc.Handler{echo.Handle(echoed)}})
		old, _ := l.connect()
		c, _ := l.connect()
		if _, err := echo.Call(t.Context(), c, ""); err != nil {
			t.Error(err)
		}
		<-old.Done()
		l.goodbye(c)
		if err := <-l.ended; err != nil {
			t.Error(err)
		}
	})
}

func TestAnotherHostIsBusyOnlyWhileTheFirstAnswers(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		l := serve(t, plugin.Server{Handlers: []rpc.Handler{echo.Handle(echoed)}})
		first, _ := l.connect()
		other := l.Hello()
		other.Host.ID = "second"
		_, _, err := l.try(other)
		contains(t, err, "busy: another host is connected to this plugin")
		if _, err := echo.Call(t.Context(), first, ""); err != nil {
			t.Errorf("the first host: %v", err)
		}
		l.goodbye(first)
		<-l.ended
	})
	synctest.Test(t, func(t *testing.T) {
		l := serve(t, plugin.Server{})
		if _, _, err := l.try(l.Hello()); err != nil { // reads nothing any more: no pong
			t.Fatal(err)
		}
		other := l.Hello()
		other.Host.ID = "second"
		began := time.Now()
		s, _, err := l.try(other)
		if err != nil || time.Since(began) != time.Second {
			t.Fatalf("%v after %s", err, time.Since(began))
		}
		began = time.Now()
		if _, _, err := l.try(other); err != nil || time.Since(began) != 0 {
			t.Errorf("the second host again: %v after %s", err, time.Since(began))
		}
		s.Close()
		l.ask()
		<-l.ended
	})
}
