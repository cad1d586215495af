package pluginecho

import "github.com/hashicorp/go-plugin"

// Name is what the plugin is dispensed by.
const Name = "echo"

// Handshake is what both ends must say.
var Handshake = plugin.HandshakeConfig{ProtocolVersion: 1, MagicCookieKey: "BENCH_ECHO", MagicCookieValue: "echo"}

// An Echoer is what a host gets.
type Echoer interface {
	Echo(data []byte) ([]byte, error)
}
