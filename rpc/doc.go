// Package rpc is typed messages and the connection that carries them.
//
// A contract is a package of constants; it imports only this one and is used by both ends:
//
//	const Greet rpc.Method[GreetRequest, Greeting] = "greeter.greet"
//
//	handler := Greet.Handle(func(ctx context.Context, req GreetRequest) (Greeting, error) { ... })
//	reply, err := Greet.Call(ctx, peer, GreetRequest{Name: "Ada"})
//
// Request type, reply type and kind of message are checked by the compiler on both ends, and their shapes again
// between the two processes. What is guaranteed:
//
//   - A call ends exactly once: with its reply, with an error, or when its context ends. The caller
//     returns as soon as its context ends, whatever the other side does.
//   - A handler may block, call back, or panic; it holds up no other call. A panic answers its call
//     with Internal.
//   - Notices arrive in the order in which they were sent, one at a time.
//   - An error tells whether the call may have run: see Delivered.
//   - What may not run twice is never sent twice: see Retrier and WithRetry for what is tried again.
package rpc
