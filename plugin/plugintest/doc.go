// Package plugintest runs a plugin in its own test, against a host that is the test: no process, no socket, no build.
//
//	p := plugintest.Start(t, plugin.Server{
//		Handlers: []rpc.Handler{greeterapi.Greet.Handle(greet)},
//		Stop:     flush,
//	}, plugintest.Host{Handlers: []rpc.Handler{hostapi.Lookup.Handle(lookup)}})
//	reply, err := greeterapi.Greet.Call(t.Context(), p, greeterapi.Request{Name: "Ada"})
//	// ...
//	err = p.Stop() // goodbye, as at the end of a host
//
// The plugin is the real thing: the Server that main runs, with its handshake and the comparison of types, its middleware, hooks and
// serializer. What is not there is what belongs to a process: arguments, environment, signals, output, and the kernel that ends it. All of
// it works in a testing/synctest bubble.
//
// At the test's end the plugin is stopped, and the test fails if it does not end, ends with an error that the test has not seen, or leaves
// goroutines behind.
package plugintest
