package wire

import (
	"bytes"
	"encoding/json"
	"fmt"
)

// StartupEnv is the environment variable that says that a process was launched as a plugin: "fd:N", the
// descriptor to read the start-up data from, or the start-up data itself.
const StartupEnv = "HOTPLUG_STARTUP"

// DescribeEnv, set to 1, makes a plugin print its description and exit.
const DescribeEnv = "HOTPLUG_DESCRIBE"

// MaxStartup is the size limit of the start-up data in bytes: it must fit the buffer of a pipe.
const MaxStartup = 32 << 10

// Startup is what a host tells a plugin before the first connection: one JSON line.
type Startup struct {
	Hotplug    []int      `json:"hotplug"`            // protocol versions offered
	Socket     string     `json:"socket"`             // path of the Unix socket
	Listener   int        `json:"listener,omitempty"` // descriptor of the inherited listening socket; 0: listen on Socket
	Serializer string     `json:"serializer"`         // class name
	Token      string     `json:"token"`              // the host's secret, 64 hex digits: who presents it is the host
	Answer     string     `json:"answer"`             // the plugin's secret, 64 hex digits: who presents it is the plugin
	Plugin     Identity   `json:"plugin"`
	Host       HostInfo   `json:"host"`
	Timeouts   Timeouts   `json:"timeouts"`
	Limits     Limits     `json:"limits"`
	LogLevel   string     `json:"logLevel,omitempty"`
	Disconnect Disconnect `json:"disconnect"`
}

// Identity names a plugin or a host.
type Identity struct {
	Name    string `json:"name"`
	Version string `json:"version,omitempty"`
}

// HostInfo names a host process.
type HostInfo struct {
	Name    string `json:"name"`
	Version string `json:"version,omitempty"`
	PID     int    `json:"pid"`
	ID      string `json:"id"` // random, one per host process
}

// Timeouts are in milliseconds; 0 means none.
type Timeouts struct {
	Start       int64 `json:"start"`
	Call        int64 `json:"call"`
	Stop        int64 `json:"stop"`
	HostConnect int64 `json:"hostConnect"`
	Handshake   int64 `json:"handshake"`
}

// Limits hold for both directions of a connection.
type Limits struct {
	Frame    int `json:"frame"`    // bytes of one frame
	Inflight int `json:"inflight"` // calls at once, each direction
	Streams  int `json:"streams"`  // calls with streams at once, each direction, beside those

	StreamItems int `json:"streamItems"` // items of a stream that may be under way
	StreamBytes int `json:"streamBytes"` // bytes of their frames; one item may go beyond
}

// The limits that hold where none are configured.
const (
	DefaultMaxFrame    = 16 << 20
	DefaultInflight    = 1024
	DefaultStreams     = 256
	DefaultStreamItems = 256
	DefaultStreamBytes = 1 << 20
)

// WithDefaults fills in what is not set.
func (l Limits) WithDefaults() Limits {
	return Limits{
		Frame:       orDefault(l.Frame, DefaultMaxFrame),
		Inflight:    orDefault(l.Inflight, DefaultInflight),
		Streams:     orDefault(l.Streams, DefaultStreams),
		StreamItems: orDefault(l.StreamItems, DefaultStreamItems),
		StreamBytes: orDefault(l.StreamBytes, DefaultStreamBytes),
	}
}

func orDefault(limit, otherwise int) int {
	if limit <= 0 {
		return otherwise
	}
	return limit
}

// Disconnect says what a plugin does when its host is gone.
type Disconnect struct {
	Mode    string `json:"mode"`              // "shutdown" or "keep-alive"
	Timeout int64  `json:"timeout,omitempty"` // keep-alive: milliseconds without a host; 0: for ever
}

// Encode is s as one line, newline included. It is an error if the line is longer than MaxStartup.
func (s *Startup) Encode() ([]byte, error) {
	b, err := json.Marshal(s)
	if err != nil {
		return nil, err
	}
	if b = append(b, '\n'); len(b) > MaxStartup {
		return nil, fmt.Errorf("start-up data of %d bytes is over the limit of %d", len(b), MaxStartup)
	}
	return b, nil
}

// ParseStartup reads start-up data and checks that what every plugin needs is there.
func ParseStartup(line []byte) (*Startup, error) {
	if len(line) > MaxStartup {
		return nil, fmt.Errorf("start-up data: %d bytes are over the limit of %d", len(line), MaxStartup)
	}
	var s Startup
	if err := json.Unmarshal(bytes.TrimSpace(line), &s); err != nil {
		return nil, fmt.Errorf("start-up data: expected one JSON object, found %.*q: %w", shown, line, err)
	}
	for _, f := range []struct {
		name    string
		missing bool
	}{
		{"hotplug", len(s.Hotplug) == 0},
		{"serializer", s.Serializer == ""},
		{"token", s.Token == ""},
		{"answer", s.Answer == ""},
		{"socket or listener", s.Socket == "" && s.Listener == 0},
	} {
		if f.missing {
			return nil, fmt.Errorf("start-up data: %s is missing: the host must be a hotplug host of protocol %d", f.name, Version)
		}
	}
	s.Limits = s.Limits.WithDefaults()
	return &s, nil
}
