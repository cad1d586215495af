// Package crasherapi is the contract of a plugin that misbehaves on request, for tests of hosts.
//
//	_, err := crasherapi.Exit.Call(ctx, peer, crasherapi.ExitRequest{Code: 3, Stderr: "out of cheese"})
//	if !errors.Is(err, rpc.Unavailable) {
//		t.Errorf("a call that killed its plugin: %v", err)
//	}
//
// What goes wrong while the plugin serves is a message; what goes wrong before it does is an environment variable, see
// the names that begin with Env. Without either it is a plugin like any other.
package crasherapi
