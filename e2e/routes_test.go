//go:build linux

package e2e_test

import (
	"errors"
	"fmt"
	"syscall"
	"testing"
	"time"

	"github.com/go-hotplug/hotplug/e2e/internal/oddityapi"
	"github.com/go-hotplug/hotplug/host"
	"github.com/go-hotplug/hotplug/rpc"
)

// A route is a way from a caller to who answers.
type route struct {
	run   func(oddityapi.Errand) oddityapi.Outcome
	heard func() int64 // what arrived there of notices
	ended func() int64 // handlers of streams that have ended there
}

// onEachRoute opens hosts with real plugins for each route and serializer, and closes them.
func onEachRoute(t *testing.T, test func(*testing.T, route)) {
	for _, serializer := range []string{"MessagePackSerializer", "JsonSerializer"} {
		for name, open := range map[string]func(*testing.T, string) (*site, *host.Host, route){
			"host to plugin": hostToPlugin, "plugin to host": pluginToHost, "plugin to plugin": pluginToPlugin,
		} {
			t.Run(name+" "+serializer, func(t *testing.T) {
				s, h, r := open(t, serializer)
				test(t, r)
				s.goesOn(h)
			})
		}
	}
}

// twin installs a plugin that answers what a host is asked.
func (s *site) twin(serializer string) {
	s.t.Helper()
	s.install("twin", "oddity", m{"serializer": serializer, "env": m{"set": m{"ODDITY": oddityapi.ModeAnswers}}})
}

func hostToPlugin(t *testing.T, serializer string) (*site, *host.Host, route) {
	s := newSite(t)
	s.twin(serializer)
	h := s.open()
	r := answeredBy(t, h.Plugin("twin"))
	r.run = func(e oddityapi.Errand) oddityapi.Outcome { return e.Run(t.Context(), h.Plugin("twin")) }
	return s, h, r
}

func pluginToHost(t *testing.T, serializer string) (*site, *host.Host, route) {
	s := newSite(t)
	s.oddity("", m{"serializer": serializer})
	answers := new(oddityapi.Answers)
	h := s.open(func(c *host.Config) { c.Handlers = answers.Handlers() })
	return s, h, route{visiting(t, h), answers.Heard, answers.Ended}
}

func pluginToPlugin(t *testing.T, serializer string) (*site, *host.Host, route) {
	s := newSite(t)
	s.oddity("", m{"serializer": serializer})
	s.twin("JsonSerializer")
	h := s.open(func(c *host.Config) { c.Handlers = forwarded("twin") })
	r := answeredBy(t, h.Plugin("twin"))
	r.run = visiting(t, h)
	return s, h, r
}

// answeredBy asks a twin what it knows.
func answeredBy(t *testing.T, p rpc.Peer) route {
	ask := func(q rpc.Query[struct{}, number]) func() int64 {
		return func() int64 {
			got, err := q.Call(t.Context(), p, struct{}{})
			mustDo(t, err)
			return got.N
		}
	}
	return route{heard: ask(oddityapi.Heard), ended: ask(oddityapi.HostEnded)}
}

// visiting has the oddity run errands at its host.
func visiting(t *testing.T, h *host.Host) func(oddityapi.Errand) oddityapi.Outcome {
	return func(e oddityapi.Errand) oddityapi.Outcome {
		got, err := oddityapi.Visit.Call(t.Context(), h.Plugin("oddity"), e)
		mustDo(t, err)
		return got
	}
}

func TestEveryKindOfMessageIsAnsweredOnEachRouteAndReportsItsProgress(t *testing.T) {
	onEachRoute(t, func(t *testing.T, r route) {
		for message, want := range map[string]oddityapi.Outcome{
			string(oddityapi.Double):    {Sum: 2000, Last: rpc.Progress{Done: 1, Total: 1}},
			string(oddityapi.Keep):      {Sum: 1000, Last: rpc.Progress{Done: 1, Total: 1}},
			string(oddityapi.Told):      {},
			string(oddityapi.HostCount): {Items: 1000, Sum: 500_500, Last: rpc.Progress{Done: 1000, Total: 1000}},
			string(oddityapi.HostSum):   {Items: 1000, Sum: 500_500, Last: rpc.Progress{Done: 1000}},
			string(oddityapi.HostChat):  {Items: 1000, Sum: -500_500, Last: rpc.Progress{Done: 1000}},
		} {
			got := r.run(oddityapi.Errand{Message: message, N: 1000})
			if reported := got.Reports > 0; reported != (want.Last.Done > 0) {
				t.Errorf("%s: %d reports of progress", message, got.Reports)
			}
			got.Reports = 0 // quick ones are left out
			if got != want {
				t.Errorf("%s:\ngot  %+v\nwant %+v", message, got, want)
			}
		}
		until(t, 10*time.Second, "heard the notice", func() bool { return r.heard() == 1000 })
	})
}

func TestHoweverAStreamEndsItsCallerAndItsHandlerKnowOnEachRoute(t *testing.T) {
	ends := map[string]struct {
		errand oddityapi.Errand
		code   rpc.Code
		items  int64 // that the caller got; -1: nobody knows
	}{
		"the caller leaves":  {oddityapi.Errand{N: -2, Leave: 500}, "", 500},
		"it cancels":         {oddityapi.Errand{N: -2, Cancel: 500}, rpc.Canceled, -1},
		"its deadline":       {oddityapi.Errand{N: -2, Within: 100}, rpc.Timeout, -1},
		"the handler fails":  {oddityapi.Errand{N: 13}, rpc.Conflict, 13},
		"the handler panics": {oddityapi.Errand{N: 14}, rpc.Internal, 14},
	}
	onEachRoute(t, func(t *testing.T, r route) {
		streams := []string{string(oddityapi.HostCount), string(oddityapi.HostSum), string(oddityapi.HostChat)}
		for what, end := range ends {
			for _, message := range streams {
				end.errand.Message = message
				got := r.run(end.errand)
				if got.Error == oddityapi.Left {
					got.Code = "" // it is the caller's own
				}
				if got.Code != end.code || end.items >= 0 && got.Items != end.items {
					t.Errorf("%s, %s: %+v, want code %q and %d items", message, what, got, end.code, end.items)
				}
			}
		}
		all := int64(len(ends) * len(streams))
		until(t, 10*time.Second, fmt.Sprintf("%d handlers have ended", all), func() bool { return r.ended() == all })
	})
}

func TestAForwardedStreamSaysWhichPluginWasKilled(t *testing.T) {
	for _, message := range []string{string(oddityapi.HostCount), string(oddityapi.HostSum), string(oddityapi.HostChat)} {
		t.Run(message, func(t *testing.T) {
			s, h, r := pluginToPlugin(t, "MessagePackSerializer")
			end := make(chan oddityapi.Outcome, 1) // from the errand, once
			go func() { end <- r.run(oddityapi.Errand{Message: message, N: -2}) }()
			until(t, 10*time.Second, "forwarded", func() bool { return h.Plugin("twin").Status().Pending == 1 })
			mustDo(t, syscall.Kill(h.Plugin("twin").Status().PID, syscall.SIGKILL))
			got := <-end
			if got.Code != rpc.Unavailable || got.Delivered != fmt.Sprint(rpc.PerhapsDelivered) {
				t.Errorf("%+v", got)
			}
			says(t, errors.New(got.Error), `plugin "twin"`, "SIGKILL")
			if got := r.run(oddityapi.Errand{Message: message, N: 3}); got.Code != rpc.Unavailable {
				t.Errorf("afterwards: %+v", got)
			}
			s.goesOn(h)
		})
	}
}
