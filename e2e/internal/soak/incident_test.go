package main

import (
	"context"
	"strings"
	"testing"
	"time"

	"github.com/go-hotplug/hotplug/host"
	"github.com/go-hotplug/hotplug/rpc"
)

// second is a moment of a soak.
func second(n int) time.Time { return time.Unix(int64(n), 0) }

// happened are two incidents, one of which is not over.
var happened = []*incident{
	{plugin: killed, sort: signal, pid: 7, from: second(10), to: second(20)},
	{plugin: bad, sort: badVersion, version: "1.2.0", from: second(30)},
}

func TestAFailureIsExplainedOnlyByWhatHappenedToItsOwnPluginWhileItRanAndIfItSaysPerhaps(t *testing.T) {
	perhaps := &rpc.Error{Code: rpc.Unavailable, Message: "the peer closed the connection"}
	for name, c := range map[string]struct {
		failure failure
		by      sort
		why     string
	}{
		"in a kill":                    {failure{killed, rpc.KindMethod, second(12), second(13), perhaps}, signal, ""},
		"begun before it":              {failure{killed, rpc.KindMethod, second(5), second(10), perhaps}, signal, ""},
		"ended behind it":              {failure{killed, rpc.KindMethod, second(20), second(25), perhaps}, signal, ""},
		"a stream":                     {failure{killed, rpc.KindStream, second(12), second(13), perhaps}, signal, ""},
		"in a bad version":             {failure{bad, rpc.KindMethod, second(90), second(91), perhaps}, badVersion, ""},
		"before anything":              {failure{killed, rpc.KindMethod, second(8), second(9), perhaps}, "", "met"},
		"after it":                     {failure{killed, rpc.KindMethod, second(21), second(22), perhaps}, "", "met"},
		"in another plugin":            {failure{good, rpc.KindMethod, second(12), second(13), perhaps}, "", "met"},
		"not delivered":                {failure{killed, rpc.KindMethod, second(12), second(13), rpc.NotSent(rpc.Unavailable, "no")}, signal, "not delivered"},
		"late":                         {failure{killed, rpc.KindMethod, second(12), second(13), context.DeadlineExceeded}, signal, "Timeout"},
		"another code":                 {failure{bad, rpc.KindMethod, second(31), second(32), rpc.Errorf(rpc.Internal, "no")}, badVersion, "Internal"},
		"a query, which may run again": {failure{killed, rpc.KindQuery, second(12), second(13), perhaps}, signal, "asked again"},
		"a notice":                     {failure{killed, rpc.KindNotice, second(12), second(13), perhaps}, signal, "sent again"},
	} {
		by, why := judge(c.failure, happened)
		if by != c.by || (why == "") != (c.why == "") || !strings.Contains(why, c.why) {
			t.Errorf("%s: %q, %q; want %q, %q", name, by, why, c.by, c.why)
		}
	}
}

func TestAQueryMayFailOnceItWasLostMoreOftenThanItIsAskedAgain(t *testing.T) {
	f := failure{killed, rpc.KindQuery, second(0), second(100), &rpc.Error{Code: rpc.Unavailable}}
	var all []*incident
	for n := range lostAtMost {
		if _, why := judge(f, all); why == "" {
			t.Errorf("explained by %d kills", n)
		}
		all = append(all, &incident{plugin: killed, sort: signal, from: second(10 * n), to: second(10*n + 1)})
	}
	if by, why := judge(f, all); by != signal {
		t.Errorf("%d kills: %s", lostAtMost, why)
	}
}

func TestADeathIsExplainedOnlyIfItWasMeant(t *testing.T) {
	for name, c := range map[string]struct {
		death death
		want  bool
	}{
		"killed":               {death{worker: host.Worker{Plugin: killed, PID: 7, Version: "1.0.0"}, at: second(11)}, true},
		"seen later":           {death{worker: host.Worker{Plugin: killed, PID: 7, Version: "1.0.0"}, at: second(40)}, true},
		"before it was killed": {death{worker: host.Worker{Plugin: killed, PID: 7, Version: "1.0.0"}, at: second(9)}, false},
		"another process":      {death{worker: host.Worker{Plugin: killed, PID: 8, Version: "1.0.0"}, at: second(11)}, false},
		"another plugin":       {death{worker: host.Worker{Plugin: good, PID: 7, Version: "1.0.0"}, at: second(11)}, false},
		"a bad version":        {death{worker: host.Worker{Plugin: bad, PID: 9, Version: "1.2.0"}, at: second(31)}, true},
		"a good one":           {death{worker: host.Worker{Plugin: bad, PID: 9, Version: "1.1.0"}, at: second(31)}, false},
	} {
		if got := c.death.explained(happened); got != c.want {
			t.Errorf("%s: %t", name, got)
		}
	}
}
