// Netrpc answers over an inherited socket by net/rpc.
package main

import (
	"net"
	"net/rpc"
	"os"

	"github.com/go-hotplug/hotplug/bench/life/contract/netrpcecho"
)

func main() {
	l, err := net.FileListener(os.NewFile(3, "listener"))
	if err != nil {
		os.Exit(1)
	}
	s := rpc.NewServer()
	if err := s.RegisterName(netrpcecho.Name, netrpcecho.Server{}); err != nil {
		os.Exit(1)
	}
	conn, err := l.Accept()
	if err != nil {
		os.Exit(1)
	}
	s.ServeConn(conn)
}
