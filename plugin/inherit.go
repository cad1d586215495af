package plugin

import (
	"bufio"
	"errors"
	"fmt"
	"io"
	"net"
	"os"
	"strconv"
	"strings"
	"time"

	"github.com/go-hotplug/hotplug/internal/wire"
)

// inherited is what a host gave this process.
type inherited struct {
	startup  *wire.Startup
	listener net.Listener
	lifeline *os.File // its end of file means that the host is gone; nil if there is none. It stays open until the process ends
	rest     io.Reader
	kill     func() // ends the process group; nil: killGroup
}

func (in *inherited) close() { in.listener.Close() }

// callTimeout is for calls to the host without a deadline; 0: none.
func (in *inherited) callTimeout() time.Duration {
	return time.Duration(in.startup.Timeouts.Call) * time.Millisecond
}

// inherit reads what the environment variable and the descriptors say.
func inherit(env string, id *identity) (*inherited, error) {
	if env == "" {
		return nil, exitf(ExitUsage, "%s", byHand(id))
	}
	os.Unsetenv(wire.StartupEnv) // a child of this plugin is not a plugin of this host
	in, line, err := readStartup(env)
	if err != nil {
		return nil, exitf(ExitData, "%s: %v", wire.StartupEnv, err)
	}
	if in.startup, err = wire.ParseStartup(line); err != nil {
		return nil, exitf(ExitData, "%v", err)
	}
	if in.listener, err = listen(in.startup); err != nil {
		return nil, exitf(ExitData, "%v", err)
	}
	return in, nil
}

// notFromAHost is for a variable that is there without what belongs to it.
const notFromAHost = "if you started this by hand, the variable is left from another plugin: unset it, and have a host start this one; " +
	"if a host did, through another program, have that end with exec and leave descriptors 3 and 4 open"

func readStartup(env string) (*inherited, []byte, error) {
	number, ok := strings.CutPrefix(env, "fd:")
	if !ok {
		return &inherited{}, []byte(env), nil
	}
	fd, err := strconv.Atoi(number)
	if err != nil || fd < 3 {
		return nil, nil, fmt.Errorf("expected fd:N with N of 3 or more, found %q", env)
	}
	file, err := takeLifeline(fd)
	if err != nil {
		return nil, nil, fmt.Errorf("%w: %s", err, notFromAHost)
	}
	r := bufio.NewReaderSize(file, wire.MaxStartup+1)
	line, err := r.ReadSlice('\n')
	switch {
	case errors.Is(err, io.EOF) && len(line) == 0:
		return nil, nil, fmt.Errorf("descriptor %d ended before the start-up data: %s", fd, notFromAHost)
	case err != nil && !errors.Is(err, io.EOF):
		return nil, nil, fmt.Errorf("read start-up data from descriptor %d: %w", fd, err)
	}
	return &inherited{lifeline: file, rest: r}, line, nil
}

// listen takes over the listening socket, or makes one where none could be inherited.
func listen(s *wire.Startup) (net.Listener, error) {
	if s.Listener == 0 {
		l, err := net.Listen("unix", s.Socket)
		if err != nil {
			return nil, fmt.Errorf("listen on %s: %w", s.Socket, err)
		}
		return l, nil
	}
	file, err := takeDescriptor(s.Listener, "listener")
	if err != nil {
		return nil, err
	}
	defer file.Close() // net.FileListener works on a copy
	if err := listenAgain(file); err != nil {
		return nil, fmt.Errorf("listen on descriptor %d: %w", s.Listener, err)
	}
	l, err := net.FileListener(file)
	if err != nil {
		return nil, fmt.Errorf("descriptor %d is no listening socket: %w", s.Listener, err)
	}
	return l, nil
}
