package faults

import (
	"bufio"
	"net"
	"os"

	"github.com/go-hotplug/hotplug/internal/wire"
)

// Accept is the start of a plugin without the library: it reads the start-up data, and takes the host's connection.
func Accept() (*wire.Startup, net.Conn, error) {
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
	return startup, conn, err
}
