package main

import (
	"bufio"
	"encoding/json"
	"io"
	"net"
	"os"
	"strconv"
	"strings"
	"time"

	"github.com/go-hotplug/hotplug/sample-plugins/crasher/crasherapi"
)

// startup is the part of the start-up data that a handshake by hand needs.
type startup struct {
	Serializer string `json:"serializer"`
	Answer     string `json:"answer"`
	Listener   int    `json:"listener"`

	listener net.Listener
}

// lifeline stays open, and nobody watches it: what hangs here does not leave of its own accord when the host dies.
var lifeline *os.File

// inherited takes over the lifeline and the listening socket, as plugin.Serve would.
func inherited() startup {
	text, _ := strings.CutPrefix(os.Getenv("HOTPLUG_STARTUP"), "fd:")
	fd, err := strconv.Atoi(text)
	if err != nil {
		giveUp(exitSoftware, "this start needs a host that hands over its listener: HOTPLUG_STARTUP is not fd:N")
	}
	lifeline = os.NewFile(uintptr(fd), "lifeline")
	line, err := bufio.NewReader(lifeline).ReadBytes('\n')
	if err != nil {
		giveUp(exitSoftware, "read the start-up data: %v", err)
	}
	var s startup
	if err := json.Unmarshal(line, &s); err != nil {
		giveUp(exitSoftware, "read the start-up data: %v", err)
	}
	if s.listener, err = net.FileListener(os.NewFile(uintptr(s.Listener), "listener")); err != nil {
		giveUp(exitSoftware, "listen on descriptor %d: %v", s.Listener, err)
	}
	return s
}

// talkTo accepts one connection, lets talk loose on it, and then only reads.
func talkTo(s startup, talk func(startup, net.Conn)) {
	conn, err := s.listener.Accept()
	if err != nil {
		giveUp(exitSoftware, "accept: %v", err)
	}
	host := bufio.NewReader(conn)
	if _, err := host.ReadString('\n'); err != nil {
		giveUp(exitSoftware, "read the host's handshake: %v", err)
	}
	talk(s, conn)
	_, _ = io.Copy(io.Discard, host)
	pause(0)
}

// talks are what is said instead of, or after, a handshake.
var talks = map[crasherapi.Start]func(startup, net.Conn){
	crasherapi.StartSilent: func(startup, net.Conn) {},
	crasherapi.StartHangUp: func(_ startup, c net.Conn) {
		c.Close()
		os.Exit(0)
	},
	crasherapi.StartGarbage: func(_ startup, c net.Conn) {
		for range 64 {
			write(c, bytes0)
		}
	},
	crasherapi.StartEndless: func(_ startup, c net.Conn) {
		for write(c, endless) {
		}
	},
	crasherapi.StartHalfLine: func(s startup, c net.Conn) {
		line := hello(s.Serializer, s.Answer)
		write(c, line[:len(line)/2])
	},
	crasherapi.StartTrickle: func(_ startup, c net.Conn) {
		for write(c, []byte(" ")) {
			time.Sleep(100 * time.Millisecond)
		}
	},
	crasherapi.StartRefuse: func(_ startup, c net.Conn) {
		write(c, []byte(`{"error":{"code":"Denied","message":"crasher refuses every host"}}`+"\n"))
		c.Close()
	},
	crasherapi.StartWrongAnswer: func(s startup, c net.Conn) {
		write(c, hello(s.Serializer, strings.Repeat("0", len(s.Answer))))
	},
	crasherapi.StartBadFrame: func(s startup, c net.Conn) {
		write(c, hello(s.Serializer, s.Answer))
		write(c, []byte{0, 0, 0, 8, 0xc1, 0xff, 0xdd, 0xff, 0xff, 0xff, 0xff, '\n'}) // no MessagePack, no JSON
	},
	crasherapi.StartHugeFrame: func(s startup, c net.Conn) {
		write(c, hello(s.Serializer, s.Answer))
		write(c, []byte{0xff, 0xff, 0xff, 0xff, 0x95})
	},
	crasherapi.StartMute: func(s startup, c net.Conn) {
		write(c, hello(s.Serializer, s.Answer))
	},
}

// hello is the plugin's line of the handshake: it claims to handle one query.
func hello(serializer, answer string) []byte {
	line, err := json.Marshal(map[string]any{
		"hotplug": 1, "serializer": serializer, "answer": answer,
		"plugin":  map[string]any{"name": "crasher", "version": "1.0.0", "pid": os.Getpid()},
		"handles": []map[string]any{{"name": "crasher.sleep", "kind": "query"}},
		"uses":    []any{}, "features": []any{},
	})
	if err != nil {
		giveUp(exitSoftware, "write a handshake: %v", err)
	}
	return append(line, '\n')
}

// write reports whether the host still listens.
func write(c net.Conn, b []byte) bool {
	_, err := c.Write(b)
	return err == nil
}
