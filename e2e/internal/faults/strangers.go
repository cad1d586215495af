package faults

import (
	"bytes"
	"io"
	"net"
	"strings"
	"time"

	"github.com/go-hotplug/hotplug/internal/wire"
)

// A Stranger is who connects to a plugin's socket and is not its host.
type Stranger struct {
	Name  string
	Greet func(net.Conn)
	Rule  string // part of the reason for which the plugin turns it away
}

// tooSlow is why those are hung up on who take longer than timeouts.handshake, where that is a second.
const tooSlow = "no whole handshake line came within 1s (timeouts.handshake)"

// Strangers are the rows.
var Strangers = []Stranger{
	{"silence", func(net.Conn) {}, tooSlow},
	{"half a line", func(c net.Conn) { _, _ = io.WriteString(c, `{"hotplug":[1],`) }, tooSlow},
	{"a line of one byte each second", trickles, tooSlow},
	{"a line of 1 GiB", neverEnds, "the handshake line is over the limit of 1048576 bytes"},
	{"no JSON", func(c net.Conn) { _, _ = io.WriteString(c, "SSH-2.0-OpenSSH_9.9\r\n") }, "expected a handshake line of JSON, found"},
	{"JSON nested 100,000 deep", func(c net.Conn) { _, _ = io.WriteString(c, strings.Repeat("[", 100_000)+"\n") }, "expected a handshake line of JSON, found"},
	{"hollow messages", func(c net.Conn) { hollowHello(c, hollow[0]) }, hollowEnds[0]},
	{"80,000 messages", func(c net.Conn) { hollowHello(c, hollow[2]) }, hollowEnds[2]},
	{"frames at once", func(c net.Conn) { _, _ = c.Write([]byte{0, 0, 0, 5, 0x94, 1, 7, 0xa0, 0xc0, '\n'}) }, "expected a handshake line of JSON, found"},
	{"no token", greets(func(h *wire.HostHello) { h.Token = "" }), "wrong token: this plugin belongs to another host"},
	{"a wrong token", greets(func(h *wire.HostHello) { h.Token = wire.NewSecret() }), "wrong token: this plugin belongs to another host"},
}

func greets(change func(*wire.HostHello)) func(net.Conn) {
	return func(c net.Conn) {
		h := &wire.HostHello{Hotplug: []int{wire.Version}, Serializer: "MessagePackSerializer", Limits: Limits}
		change(h)
		_ = wire.WriteLine(c, h)
	}
}

func trickles(c net.Conn) {
	for range 30 {
		if _, err := io.WriteString(c, " "); err != nil {
			return
		}
		time.Sleep(time.Second)
	}
}

func neverEnds(c net.Conn) {
	for chunk := bytes.Repeat([]byte("x"), 1<<20); ; {
		if _, err := c.Write(chunk); err != nil {
			return
		}
	}
}
