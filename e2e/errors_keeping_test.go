//go:build linux

package e2e_test

import (
	"context"
	"errors"
	"testing"
	"time"

	"github.com/go-hotplug/hotplug/rpc"
)

func TestErrorsOfKeepingAPlugin(t *testing.T) {
	c := openChapter(t, "Keeping a plugin")
	s := newSite(t)
	s.crasher("", nil)
	s.install("counter", "counter", keptFor("1h"))
	s.install("foreign", "oddity", m{"protocol": rpc.ProtocolIsolatedWorkers, "serializer": "JsonSerializer", "disconnect": m{"mode": "keep-alive"}})
	h := s.openAsIs()
	c.meets(errors.Unwrap(h.Plugin("crasher").Disconnect(t.Context())))
	c.meets(failure(t, h, "foreign"))
	mustDo(t, h.Plugin("counter").Disconnect(t.Context()))
	_, err := counterGet.Call(t.Context(), h.Plugin("counter"), struct{}{})
	c.meets(err)
	ctx, cancel := context.WithTimeout(rpc.Wait(t.Context()), 10*time.Millisecond)
	defer cancel()
	_, err = counterGet.Call(ctx, h.Plugin("counter"), struct{}{})
	c.meets(err)
	c.asWritten(byLuck, "folder of kept instances", "record of a kept instance", "it names no plugin", "log file of NAME", "the host has let go", "folder of sockets", "no answer within", "the host is detaching", "state folder PATH", "find process N: the process", "find process N: it is not", "find process N: CAUSE", "exit status unknown: another", "it is locked")
}
