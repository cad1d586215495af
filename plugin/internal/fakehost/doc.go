// Package fakehost is a host of one plugin in the plugin's own process, down to the lines of the handshake: without a socket, for a
// testing/synctest bubble too.
//
//	h := fakehost.New(&wire.Startup{Serializer: codec.Default})
//	defer h.Close()
//	go func() { ended <- plugin.Server{Handlers: handlers}.Run(seam.With(ctx, h.Given(kill))) }()
//	conn, err := h.Connect(ctx, fakehost.Options{})
//
// Package plugintest is made of it, and so are plugin's own tests.
package fakehost
