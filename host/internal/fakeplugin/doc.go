// Package fakeplugin is plugins that are values in the host's own process, down to the lines of the handshake: no process and no socket,
// for a testing/synctest bubble too.
//
//	c := fakeplugin.NewCast()
//	c.Add("greeter", &fakeplugin.Plugin{Handlers: handlers})
//	err := fakeplugin.Install(dir, "greeter", nil)
//	h, err := host.Open(seam.With(ctx, c.Processes()), host.Config{Dir: dir})
//
// Package hosttest is made of it, and so are host's own tests.
package fakeplugin
