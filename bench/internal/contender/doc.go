// Package contender is the ways of calling another process that are compared, each with its server, in one program.
//
//	c, err := contender.Open(ctx, contender.Hotplug) // a process of this program, which calls Serve
//	reply, err := c.Echo(ctx, data)
package contender
