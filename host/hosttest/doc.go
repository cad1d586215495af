// Package hosttest runs an application's host in a test, with plugins that are part of the test: no process, no socket, no binaries.
//
//	h := hosttest.Open(t, host.Config{Name: "app", Version: "1.0.0"}, hosttest.Plugin{
//		Name:     "greeter",
//		Handlers: []rpc.Handler{greeterapi.Greet.Handle(greet)},
//	})
//	reply, err := greeterapi.Greet.Call(t.Context(), h.Plugin("greeter"), greeterapi.Request{Name: "Ada"})
//	// ...
//	h.Crash("greeter", hosttest.Exit{Code: 2, Stderr: []string{"panic: no dictionary"}})
//
// The host is the real thing, with its states, events, hooks, handshake, comparison of types and time-outs, over a plugins folder that is
// made for the test. A plugin is a plugin.json, handlers, and a life that the test directs: it crashes, freezes, refuses, leaves, or is
// slow when it is told to. All of it works in a testing/synctest bubble, where the thirty seconds of a start time-out take none.
//
// At the test's end the host is closed, and the test fails if that fails or leaves goroutines behind.
package hosttest
