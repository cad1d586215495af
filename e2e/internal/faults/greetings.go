package faults

import (
	"bytes"
	"fmt"
	"io"
	"net"
	"strings"
	"time"

	"github.com/go-hotplug/hotplug/internal/wire"
)

// Environment variables of the program hostile.
const (
	EnvFault = "HOSTILE"       // name of the row
	EnvTurns = "HOSTILE_TURNS" // file in which it counts how often it was started
	EnvSeed  = "HOSTILE_SEED"
	EnvDial  = "HOSTILE_DIAL" // a socket to connect to, and nothing else
)

// Hello is the line of a plugin that keeps to the rules.
func Hello(s *wire.Startup) *wire.PluginHello {
	return &wire.PluginHello{Hotplug: wire.Version, Serializer: s.Serializer, Answer: s.Answer}
}

// A Greeting is a row of what a plugin can do wrong in its handshake, or what looks wrong and is allowed.
type Greeting struct {
	Name  string
	Greet func(s *wire.Stream, startup *wire.Startup, turn int) (over bool) // over: no frames follow
	Ends  []string                                                          // what the launch fails with, one for each turn or one for all; none: it does not
	Turns int                                                               // how often, each time another process
	Slow  bool                                                              // it takes as long as a start may take
}

// GreetingNamed is the row of a name; nil: there is none.
func GreetingNamed(name string) *Greeting {
	all := Greetings()
	for i := range all {
		if all[i].Name == name {
			return &all[i]
		}
	}
	return nil
}

// says answers with a line, and waits for the host to have enough of it.
func says(line func(*wire.Startup, *wire.PluginHello)) func(*wire.Stream, *wire.Startup, int) bool {
	return func(s *wire.Stream, startup *wire.Startup, _ int) bool {
		h := Hello(startup)
		line(startup, h)
		_ = wire.WriteLine(s, h)
		hearOut(s)
		return true
	}
}

// hearOut reads until the other side closes.
func hearOut(c net.Conn) { _, _ = io.Copy(io.Discard, c) }

// writes writes bytes and hears the host out.
func writes(b func(*wire.Startup) []byte) func(*wire.Stream, *wire.Startup, int) bool {
	return func(s *wire.Stream, startup *wire.Startup, _ int) bool {
		_, _ = s.Write(b(startup))
		hearOut(s)
		return true
	}
}

// Greetings are the rows.
func Greetings() []Greeting {
	return []Greeting{
		{Name: "no handshake: silence", Slow: true, Ends: []string{"it has not answered the handshake: not ready within"}, Greet: writes(func(*wire.Startup) []byte { return nil })},
		{Name: "no handshake: it closes the connection", Ends: []string{"it ended before it was ready"}, Greet: func(s *wire.Stream, _ *wire.Startup, _ int) bool { s.Close(); return true }},
		{Name: "no handshake: frames at once", Ends: []string{"expected a handshake line of JSON, found"}, Greet: writes(func(s *wire.Startup) []byte {
			return append(conversation(), '\n')
		})},
		{Name: "a handshake of one byte each second", Slow: true, Ends: []string{"it has not answered the handshake: not ready within"}, Greet: trickle},
		{Name: "a handshake line of 1 GiB", Ends: []string{"the handshake line is over the limit of 1048576 bytes"}, Greet: endless},
		{Name: "a handshake line that is no JSON, or JSON of another shape", Turns: 5, Ends: []string{"expected a handshake line of JSON, found"}, Greet: func(s *wire.Stream, _ *wire.Startup, turn int) bool {
			_, _ = io.WriteString(s, []string{"1|1|unix|/tmp/plugin|grpc|MIIBtTCCARugAwIBAg==", `{"hotplug":"one"}`, "[]", "\x00\xff", strings.Repeat("[", 100_000)}[turn%5]+"\n")
			hearOut(s)
			return true
		}},
		{Name: "a handshake line of hollow messages, of too many, of many parts, or of too many features", Turns: len(hollow), Ends: hollowEnds, Greet: hollows},
		{Name: "a wrong token", Ends: []string{"wrong secret: what answers on the socket is not the process that was started"}, Greet: says(func(_ *wire.Startup, h *wire.PluginHello) { h.Answer = wire.NewSecret() })},
		{Name: "no token", Ends: []string{"wrong secret"}, Greet: says(func(_ *wire.Startup, h *wire.PluginHello) { h.Answer = "" })},
		{Name: "the host's own token, sent back", Ends: []string{"wrong secret"}, Greet: says(func(s *wire.Startup, h *wire.PluginHello) { h.Answer = s.Token })},
		{Name: "a version that was not offered", Ends: []string{"the plugin picked protocol 9, this host offered [1]"}, Greet: says(func(_ *wire.Startup, h *wire.PluginHello) { h.Hotplug = 9 })},
		{Name: "another serializer", Ends: []string{"serializer mismatch: host uses MessagePackSerializer, plugin uses MoonSerializer"}, Greet: says(func(_ *wire.Startup, h *wire.PluginHello) { h.Serializer = "MoonSerializer" })},
		{Name: "another plugin's name", Ends: []string{"the binary is somebody 1.0.0"}, Greet: says(func(_ *wire.Startup, h *wire.PluginHello) {
			h.Plugin = &wire.PluginInfo{Name: "somebody", Version: "1.0.0"}
		})},
		{Name: "a certificate and a token where none belong", Greet: func(s *wire.Stream, startup *wire.Startup, _ int) bool {
			fmt.Fprintf(s, `{"hotplug":1,"serializer":%q,"answer":%q,"token":%q,"certificate":"MIIBtTCCARugAwIBAg==","handles":null,"features":["tls","tls"]}`+"\n", startup.Serializer, startup.Answer, startup.Token)
			return false
		}},
	}
}

// trickle writes the right line, so slowly that no start is long enough.
func trickle(s *wire.Stream, startup *wire.Startup, _ int) bool {
	var line bytes.Buffer
	_ = wire.WriteLine(&line, Hello(startup))
	for _, b := range line.Bytes() {
		if _, err := s.Write([]byte{b}); err != nil {
			break
		}
		time.Sleep(time.Second)
	}
	return true
}

// endless writes a line of 1 GiB, or as much as is taken of it.
func endless(s *wire.Stream, _ *wire.Startup, _ int) bool {
	chunk := bytes.Repeat([]byte("x"), 1<<20)
	_, _ = io.WriteString(s, `{"answer":"`)
	for range 1024 {
		if _, err := s.Write(chunk); err != nil {
			break
		}
	}
	return true
}
