// Package rpctest connects two ends in memory, for tests of contracts, handlers and hosts without a process or a socket.
//
//	client, server := rpctest.Pair(t, nil, []rpc.Handler{Greet.Handle(greet)})
//	reply, err := Greet.Call(t.Context(), client, GreetRequest{Name: "Ada"})
//
// The pair works inside a testing/synctest bubble. It is closed when the test ends.
package rpctest
