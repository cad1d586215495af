// Package leftovers looks for what a run has left behind: processes, by the process table, descriptors, goroutines, sockets and files.
//
//	before := leftovers.Now()
//	// ...
//	descriptors, goroutines := before.Grown(func() bool { return len(leftovers.Running("RECORDS", dir)) == 0 })
//
// It knows nothing of hosts and plugins: they cannot tell it that all is well.
package leftovers
