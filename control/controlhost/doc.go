// Package controlhost lets a person at another terminal look at an application's host, and reload, enable and disable its plugins: it answers the
// messages of package control on a socket.
//
//	c := host.Config{Name: "app", Dir: "plugins"}
//	kept := controlhost.Record(&c)
//	h, err := host.Open(ctx, c)
//	// ...
//	defer h.Close()
//	s, err := controlhost.Open(h, controlhost.Options{Name: c.Name, Dir: c.Dir, Record: kept})
//	// ...
//	defer s.Close()
//
// Then `hotplug status --name app plugins` finds it. A client can neither slow the host down nor make it use more memory than a bounded number of lines: who reads
// slowly misses some, and is told how many.
//
// It must never know what the command is, nor reach into a host otherwise than through its exported methods.
package controlhost
