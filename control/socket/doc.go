// Package socket is where the control socket of a host is, and how both ends get from there to a connection that carries messages.
//
//	at := socket.Place{Name: "hotplug", Dir: "plugins"}
//	conn, err := socket.Dial(ctx, at)
//	if errors.Is(err, socket.ErrNoHost) {
//		return err // it says where was looked
//	}
//	report, err := control.Status.Call(ctx, conn, control.StatusRequest{})
//
// The socket is the owner's alone: mode 0600 in a folder of mode 0700, and each end asks the system which user is at the other
// (internal/peercred); root may connect, too. A handshake of one line of JSON each way compares versions, serializers and the shapes of
// messages. It is not that of plugins: there is no secret, since the socket itself is one, and nobody is started.
//
// It must never know what a host or a plugin is: the messages are the caller's.
package socket
