package wire

import (
	"crypto/rand"
	"crypto/subtle"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"strings"
	"time"

	"github.com/go-hotplug/hotplug/shape"
)

// HandshakeTimeout is how long a handshake may take, from its first to its last byte.
const HandshakeTimeout = 10 * time.Second

// MaxHello is the size limit of a handshake line in bytes.
const MaxHello = 1 << 20

// HostHello is the host's line of the handshake.
type HostHello struct {
	Hotplug    Versions `json:"hotplug"` // protocol versions offered
	Serializer string   `json:"serializer"`
	Token      string   `json:"token"`
	Host       HostInfo `json:"host"`
	Limits     Limits   `json:"limits"`
	Handles    Messages `json:"handles,omitzero"` // null or absent: not stated
	Uses       Messages `json:"uses,omitempty"`
	Features   Features `json:"features,omitempty"`
}

func (h *HostHello) check() error { return checkStated(h.Hotplug, h.Handles, h.Uses, h.Features) }

// PluginHello is the plugin's line of the handshake. Either Error is set, or all the rest is.
type PluginHello struct {
	Hotplug    int         `json:"hotplug,omitempty"` // the version picked
	Serializer string      `json:"serializer,omitempty"`
	Answer     string      `json:"answer,omitempty"`
	Plugin     *PluginInfo `json:"plugin,omitempty"` // stated only by a plugin that embeds its manifest
	Handles    Messages    `json:"handles,omitzero"` // null or absent: not stated
	Uses       Messages    `json:"uses,omitempty"`
	Features   Features    `json:"features,omitempty"`
	Error      *Refusal    `json:"error,omitempty"`
}

func (h *PluginHello) check() error { return checkStated(nil, h.Handles, h.Uses, h.Features) }

// PluginInfo is who a plugin says it is.
type PluginInfo struct {
	Name    string `json:"name"`
	Version string `json:"version"`
	PID     int    `json:"pid,omitempty"`
	Build   string `json:"build,omitempty"`
}

// A Refusal ends a handshake with a sentence.
type Refusal struct {
	Code    string `json:"code"`
	Message string `json:"message"`
}

func (r *Refusal) Error() string {
	if r.Message == "" {
		return "the plugin refused the handshake with " + r.Code + " and no sentence: rebuild it, or report it to the author of its library"
	}
	return r.Message
}

// Message describes one message of a contract.
type Message struct {
	Name    string       `json:"name"`
	Kind    string       `json:"kind,omitempty"`    // "method", "query", "notice", "stream", "upload", "duplex"; empty: not stated
	Payload *shape.Shape `json:"payload,omitempty"` // nil: not stated, matches anything
	Reply   *shape.Shape `json:"reply,omitempty"`   // nil: none, or not stated
}

// WriteLine writes v as one JSON line. A line that the other side would refuse for what it lists is an error.
func WriteLine(w io.Writer, v any) error {
	if hello, ok := v.(interface{ check() error }); ok {
		if err := hello.check(); err != nil {
			return err
		}
	}
	b, err := json.Marshal(v)
	if err != nil {
		return err
	}
	if len(b) > MaxHello {
		return fmt.Errorf("handshake line of %d bytes is over the limit of %d: describe fewer messages", len(b), MaxHello)
	}
	_, err = w.Write(append(b, '\n'))
	return err
}

// ReadHostHello reads the host's line.
func ReadHostHello(r *Reader) (*HostHello, error) {
	var h HostHello
	if err := readLine(r, &h); err != nil {
		return nil, err
	}
	return &h, nil
}

// ReadPluginHello reads the plugin's line. A refusal is returned as a *Refusal error.
func ReadPluginHello(r *Reader) (*PluginHello, error) {
	var h PluginHello
	if err := readLine(r, &h); err != nil {
		return nil, err
	}
	if h.Error != nil {
		return nil, h.Error
	}
	return &h, nil
}

// shown is how many bytes of unreadable input an error quotes: too few to reach a secret in it.
const shown = 24

func readLine(r *Reader, v any) error {
	line, err := r.Line(MaxHello)
	var large *TooLarge
	if errors.As(err, &large) {
		return &Refusal{Code: "Protocol", Message: fmt.Sprintf("the handshake line is over the limit of %d bytes: describe fewer messages", MaxHello)}
	}
	if err != nil {
		return err
	}
	err = json.Unmarshal(line, v)
	if refusal, ok := errors.AsType[*Refusal](err); ok {
		return refusal
	}
	if err != nil {
		return &Refusal{Code: "Protocol", Message: fmt.Sprintf("expected a handshake line of JSON, found %.*q: %.200v", shown, line, err)}
	}
	return nil
}

// PickVersion returns the highest version that is offered and spoken here. The error says which side must be upgraded, and to what.
func PickVersion(offered []int) (int, error) {
	highest := 0
	for _, v := range offered {
		if v == Version {
			return Version, nil
		}
		highest = max(highest, v)
	}
	advice := fmt.Sprintf("upgrade the host to one that speaks protocol %d", Version)
	if highest > Version {
		advice = fmt.Sprintf("rebuild the plugin with a hotplug that speaks protocol %d, or use a host that offers %d", highest, Version)
	}
	return 0, &Refusal{Code: "Protocol", Message: fmt.Sprintf("protocol mismatch: host offers %s, plugin speaks %d: %s", list(offered), Version, advice)}
}

func list(v []int) string {
	if len(v) == 0 {
		return "none"
	}
	return strings.Trim(strings.Join(strings.Fields(fmt.Sprint(v)), ", "), "[]")
}

// NewSecret returns 256 random bits in hexadecimal.
func NewSecret() string {
	var b [32]byte
	rand.Read(b[:])
	return hex.EncodeToString(b[:])
}

// SameSecret compares two secrets in constant time. Nothing equals an empty secret.
func SameSecret(got, want string) bool {
	return want != "" && subtle.ConstantTimeCompare([]byte(got), []byte(want)) == 1
}

// SerializerMismatch is the sentence that both ends use.
func SerializerMismatch(host, plugin string) error {
	return &Refusal{Code: "Protocol", Message: fmt.Sprintf("serializer mismatch: host uses %s, plugin uses %s", host, plugin)}
}
