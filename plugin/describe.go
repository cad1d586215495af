package plugin

import (
	"encoding/json"
	"io"
	"runtime/debug"

	"github.com/go-hotplug/hotplug/codec"
	"github.com/go-hotplug/hotplug/internal/wire"
	"github.com/go-hotplug/hotplug/rpc"
	"github.com/go-hotplug/hotplug/shape"
)

// identity is who a plugin says it is.
type identity struct {
	Name    string `json:"name"`
	Version string `json:"version"`
}

// identity reads name and version from the embedded manifest; nil without one. The host checks the rest.
func (s *Server) identity() (*identity, error) {
	if s.Manifest == nil {
		return nil, nil
	}
	var id identity
	if err := json.Unmarshal(s.Manifest, &id); err != nil {
		return nil, exitf(ExitData, "embedded manifest: %v", err)
	}
	if id.Name == "" || id.Version == "" {
		return nil, exitf(ExitData, "embedded manifest: name and version are required")
	}
	return &id, nil
}

// build is the module and version that the binary was built from.
func build() string {
	info, ok := debug.ReadBuildInfo()
	if !ok {
		return ""
	}
	if info.Main.Path == "" {
		return info.Path
	}
	return info.Main.Path + "@" + info.Main.Version
}

// A Description is what a plugin prints when HOTPLUG_DESCRIBE=1 is set.
type Description struct {
	Hotplug    []int             `json:"hotplug"` // protocol versions spoken
	Name       string            `json:"name,omitempty"`
	Version    string            `json:"version,omitempty"`
	Build      string            `json:"build,omitempty"` // module and version of the binary
	Package    string            `json:"package,omitempty"`
	Serializer string            `json:"serializer,omitempty"` // the one it insists on; empty: any registered
	Handles    []DescribedHandle `json:"handles"`
	Uses       []DescribedHandle `json:"uses,omitempty"`
}

// A DescribedHandle is one message of a Description.
type DescribedHandle struct {
	Name          string          `json:"name"`
	Kind          rpc.Kind        `json:"kind"`
	Payload       *shape.Shape    `json:"payload,omitempty"`
	Reply         *shape.Shape    `json:"reply,omitempty"`
	PayloadSchema json.RawMessage `json:"payloadSchema,omitempty"` // JSON Schema 2020-12
	ReplySchema   json.RawMessage `json:"replySchema,omitempty"`
}

func (s *Server) describe(w io.Writer, id *identity) error {
	d := Description{Hotplug: []int{wire.Version}, Build: build(), Handles: described(rpc.NewMux(s.Handlers...).Uses()), Uses: described(s.Uses)}
	if id != nil {
		d.Name, d.Version = id.Name, id.Version
	}
	if info, ok := debug.ReadBuildInfo(); ok {
		d.Package = info.Path
	}
	if s.Serializer != nil {
		d.Serializer = s.Serializer.Name()
	}
	enc := json.NewEncoder(w)
	enc.SetEscapeHTML(false)
	enc.SetIndent("", "  ")
	return enc.Encode(d)
}

func described(uses []rpc.Use) []DescribedHandle {
	out := make([]DescribedHandle, 0, len(uses))
	for _, u := range uses {
		h := DescribedHandle{Name: u.Name, Kind: u.Kind, Payload: u.Payload, Reply: u.Reply}
		h.PayloadSchema = u.Payload.JSONSchema()
		if u.Reply != nil {
			h.ReplySchema = u.Reply.JSONSchema()
		}
		out = append(out, h)
	}
	return out
}

// serializer decides which serializer this connection uses, or says why none.
func (s *Server) serializer(host string) (codec.Serializer, error) {
	mine := s.Serializer
	if mine == nil {
		if found, err := codec.Lookup(host); err == nil {
			return found, wire.TrySerializer(found)
		}
		mine, _ = codec.Lookup(codec.Default)
	}
	if mine.Name() != host {
		return nil, wire.SerializerMismatch(host, mine.Name())
	}
	return mine, wire.TrySerializer(mine)
}
