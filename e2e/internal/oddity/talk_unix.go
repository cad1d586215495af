//go:build unix

package main

import (
	"fmt"
	"net"
	"os"
	"syscall"

	"github.com/go-hotplug/hotplug/e2e/internal/faults"
	"github.com/go-hotplug/hotplug/e2e/internal/oddityapi"
	"github.com/go-hotplug/hotplug/internal/wire"
)

func killSelf() { _ = syscall.Kill(os.Getpid(), syscall.SIGKILL) }

// talk does the handshake by hand, says that it speaks another version of the protocol, and goes on living.
func talk(mode string) {
	startup, conn, err := accept()
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(70)
	}
	answer := &wire.PluginHello{Hotplug: 7, Serializer: startup.Serializer, Answer: startup.Answer}
	if mode == oddityapi.ModeFuture {
		text := fmt.Sprintf("protocol mismatch: host offers %v, plugin speaks 7: upgrade the host to one that speaks protocol 7", startup.Hotplug)
		answer = &wire.PluginHello{Error: &wire.Refusal{Code: "Protocol", Message: text}}
	}
	_ = wire.WriteLine(conn, answer)
	select {}
}

func accept() (*wire.Startup, net.Conn, error) {
	startup, conn, err := faults.Accept()
	if err != nil {
		return nil, nil, err
	}
	_, err = wire.ReadHostHello(wire.NewReader(conn))
	return startup, conn, err
}
