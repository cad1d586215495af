// Package e2e proves on running processes what README and documentation promise. It holds tests only.
//
//	go test -race ./e2e                    // builds the sample plugins and runs them all
//	go test -race ./e2e -run HostIsKilled  // one promise
//
// Each test has a plugins folder, a state folder and a runtime folder of its own. When its host is closed, it looks for what
// must not be there: processes, goroutines, descriptors and sockets.
package e2e
