//go:build unix

package main

import (
	"bufio"
	"fmt"
	"net"
	"os"
	"syscall"

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
	line, err := bufio.NewReader(os.NewFile(4, "lifeline")).ReadBytes('\n')
	if err != nil {
		return nil, nil, err
	}
	startup, err := wire.ParseStartup(line)
	if err != nil {
		return nil, nil, err
	}
	l, err := net.FileListener(os.NewFile(3, "listener"))
	if err != nil {
		return nil, nil, err
	}
	conn, err := l.Accept()
	if err != nil {
		return nil, nil, err
	}
	_, err = wire.ReadHostHello(wire.NewReader(conn))
	return startup, conn, err
}
