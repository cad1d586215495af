// Crasher is a plugin that misbehaves on request: package crasherapi says how.
package main

import (
	"context"

	"github.com/go-hotplug/hotplug/plugin"
	"github.com/go-hotplug/hotplug/rpc"
	"github.com/go-hotplug/hotplug/sample-plugins/crasher/crasherapi"
)

// build tells two builds apart: go build -ldflags "-X main.build=2".
var build = "1"

func main() {
	if grandchild() {
		return
	}
	w := environment()
	misbehave(w)
	server := plugin.Server{Handlers: handlers()}
	if w.start == crasherapi.StartIgnoreSignals {
		server.Start = func(context.Context) error { // now: Run listens to signals from its beginning
			ignoreAll()
			return nil
		}
	}
	plugin.Exit(server.Run(context.Background()))
}

func handlers() []rpc.Handler {
	var notes notebook
	return []rpc.Handler{
		crasherapi.Exit.Handle(exit),
		crasherapi.Signal.Handle(raise),
		crasherapi.PanicGoroutine.Handle(panicGoroutine),
		crasherapi.IgnoreSignals.Handle(ignoreSignals),
		crasherapi.Grandchild.Handle(startGrandchild),
		crasherapi.Allocate.Handle(allocate),
		crasherapi.Describe.Handle(describe),
		crasherapi.Panic.Handle(panicNow),
		crasherapi.Hang.Handle(hang),
		crasherapi.Sleep.Handle(sleep),
		crasherapi.Echo.Handle(echo),
		crasherapi.Fail.Handle(fail),
		crasherapi.CallHost.Handle(callHost),
		crasherapi.Note.Handle(notes.note),
		crasherapi.Notes.Handle(notes.notes),
		crasherapi.Flood.Handle(flood),
	}
}
