// Ttrpc answers over an inherited socket by ttrpc.
package main

import (
	"context"
	"net"
	"os"

	"github.com/containerd/ttrpc"
	"google.golang.org/protobuf/types/known/wrapperspb"
)

func main() {
	l, err := net.FileListener(os.NewFile(3, "listener"))
	if err != nil {
		os.Exit(1)
	}
	s, err := ttrpc.NewServer()
	if err != nil {
		os.Exit(1)
	}
	s.Register("bench.Echo", map[string]ttrpc.Method{"Echo": echo})
	_ = s.Serve(context.Background(), l)
}

func echo(_ context.Context, unmarshal func(any) error) (any, error) {
	data := new(wrapperspb.BytesValue)
	return data, unmarshal(data)
}
