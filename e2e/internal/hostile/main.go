// Hostile is a plugin for tests: it breaks the rule of the protocol that it is told to, a row of the tables of package faults.
package main

import (
	"errors"
	"fmt"
	"net"
	"os"
	"strconv"
	"strings"

	"github.com/go-hotplug/hotplug/e2e/internal/faults"
	"github.com/go-hotplug/hotplug/internal/wire"
)

func main() {
	if path := os.Getenv(faults.EnvDial); path != "" {
		dial(path)
		return
	}
	if err := play(os.Getenv(faults.EnvFault)); err != nil {
		fmt.Fprintln(os.Stderr, "hostile:", err)
		os.Exit(70)
	}
}

// play plays the turn of a row that is due.
func play(name string) error {
	turn, err := next(os.Getenv(faults.EnvTurns))
	if err != nil {
		return err
	}
	startup, conn, err := faults.Accept()
	if err != nil {
		return err
	}
	stream := wire.NewStream(conn)
	if _, err := wire.ReadHostHello(stream.Reader); err != nil {
		return err
	}
	if g := faults.GreetingNamed(name); g != nil && g.Greet(stream, startup, turn) {
		return nil
	} else if g == nil {
		err = wire.WriteLine(conn, faults.Hello(startup))
	}
	if err != nil {
		return err
	}
	if l := faults.ListenerNamed(name); l != nil {
		l.Listen(conn)
		return nil
	}
	seed, _ := strconv.ParseUint(os.Getenv(faults.EnvSeed), 10, 64)
	p := faults.NewPeer(stream, startup.Serializer, startup.Limits)
	if f := faults.Named(faults.All(startup.Limits, seed), name); f != nil {
		if !faults.Inject(f, p, turn%f.Turns) {
			return nil
		}
	}
	if o := faults.OutputNamed(name); o != nil {
		o.Print()
	}
	p.Finish()
	return nil
}

// next counts how often this was played.
func next(file string) (turn int, err error) {
	text, err := os.ReadFile(file)
	if err != nil && !errors.Is(err, os.ErrNotExist) {
		return 0, err
	}
	turn, _ = strconv.Atoi(string(text))
	return turn, os.WriteFile(file, []byte(strconv.Itoa(turn+1)), 0o600)
}

// dial connects to a socket as a host would that has no token, and prints the answer, or why there is none.
func dial(path string) {
	conn, err := net.Dial("unix", path)
	if err != nil {
		fmt.Println(err)
		return
	}
	defer conn.Close()
	_ = wire.WriteLine(conn, &wire.HostHello{Hotplug: []int{wire.Version}, Serializer: "MessagePackSerializer", Token: strings.Repeat("0", 64)})
	_, err = wire.ReadPluginHello(wire.NewReader(conn))
	fmt.Println("answer:", err)
}
