// Package control is the contract between a running host and a person who looks at it from another process.
//
//	conn, err := socket.Dial(ctx, path)
//	report, err := control.Status.Call(ctx, conn, control.StatusRequest{})
//	for line, err := range control.Logs.Open(ctx, conn, control.LogsRequest{Plugin: "greeter", Follow: true}) {
//		// ...
//	}
//
// It is for operating a host: to see what runs, what it logged and what became of it, and to reload, enable or disable a plugin.
// It must never know package host, nor processes, sockets or files: its types are its own, so that a host and a command of different
// versions understand each other, and fields may be added.
//
// Package control/socket finds a host and connects to it; control/controlhost answers for a host.
package control
