package wire_test

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"runtime"
	"strings"
	"testing"

	"github.com/go-hotplug/hotplug/internal/wire"
	"github.com/go-hotplug/hotplug/shape"
)

// repeated is a JSON array of n times one element.
func repeated(n int, element string) string {
	return "[" + strings.TrimSuffix(strings.Repeat(element+",", n), ",") + "]"
}

// ofParts is a message whose shape has n+1 parts.
func ofParts(n int) string {
	var fields strings.Builder
	for i := range n {
		fmt.Fprintf(&fields, `,"%x":"int8"`, i)
	}
	return `{"name":"a","payload":{"struct":{` + strings.TrimPrefix(fields.String(), ",") + "}}}"
}

// overLimits are lists of a handshake line, and what is said of them.
var overLimits = map[string]string{
	`"handles":` + repeated(340_001, "{}"):           "message 1 of handles or uses in the handshake line has no name: each needs one",
	`"handles":` + repeated(4097, `{"name":"a"}`):    "the handshake line has 4097 messages in handles or uses, at most 4096 are allowed: describe fewer",
	`"uses":` + repeated(80_000, `{"name":"a"}`):     "the handshake line has 80000 messages in handles or uses, at most 4096 are allowed: describe fewer",
	`"Uses":` + repeated(4097, `{"name":"a"}`):       "the handshake line has 4097 messages", // keys are read in any case
	`"features":` + repeated(65, `"a"`):              "the handshake line has 65 features, at most 64 are allowed: describe fewer",
	`"handles":[{"name":"a"},{"kind":"method"}]`:     "message 2 of handles or uses in the handshake line has no name",
	`"handles":` + repeated(9, ofParts(4000)):        "the shapes of handles or uses in the handshake line have 36009 parts up to message \"a\", at most 32768 are allowed: describe fewer messages, or use any for a part of them",
	`"uses":` + repeated(1, ofParts(shape.MaxNodes)): "or 4096 parts",
}

func TestAHandshakeLineThatListsTooMuchIsRefusedAtBothEnds(t *testing.T) {
	for list, want := range overLimits {
		for who, read := range map[string]func(*wire.Reader) error{"plugin": readPlugin, "host": readHost} {
			err := read(wire.NewReader(strings.NewReader("{" + list + "}\n")))
			var refusal *wire.Refusal
			if !errors.As(err, &refusal) || refusal.Code != "Protocol" || !strings.Contains(err.Error(), want) {
				t.Errorf("%.40s of a %s: %v, want %q", list, who, err, want)
			}
		}
	}
	err := readHost(wire.NewReader(strings.NewReader(`{"hotplug":` + repeated(65, "1") + "}\n")))
	if err == nil || !strings.Contains(err.Error(), "the handshake line has 65 protocol versions, at most 64 are allowed") {
		t.Errorf("versions: %v", err)
	}
}

func TestAHandshakeLineAtItsLimitsIsReadAndWritten(t *testing.T) {
	longest := strings.Repeat("x", 2000)
	line := `{"hotplug":` + repeated(wire.MaxVersions, "1") + `,"handles":` + repeated(wire.MaxMessages, `{"name":"a","payload":{"struct":{"b":"int8"}}}`) +
		`,"uses":[{"name":"` + longest + `"}],"features":` + repeated(wire.MaxFeatures, `"`+longest+`"`) + "}\n"
	h, err := wire.ReadHostHello(wire.NewReader(strings.NewReader(line)))
	if err != nil || len(h.Hotplug) != wire.MaxVersions || len(h.Handles) != wire.MaxMessages || h.Uses[0].Name != longest || len(h.Features) != wire.MaxFeatures {
		t.Fatalf("%v", err)
	}
	if err := wire.WriteLine(io.Discard, h); err != nil {
		t.Error(err)
	}
}

func TestNothingIsWrittenThatTheOtherSideWouldRefuse(t *testing.T) {
	many := make([]wire.Message, wire.MaxMessages+1)
	for i := range many {
		many[i].Name = "a"
	}
	var large wire.Message
	if err := json.Unmarshal([]byte(ofParts(4000)), &large); err != nil {
		t.Fatal(err)
	}
	for want, hello := range map[string]any{
		"the handshake line has 4097 messages in handles or uses": &wire.PluginHello{Handles: many},
		"the handshake line has 65 features":                      &wire.PluginHello{Features: make([]string, 65)},
		"the handshake line has 65 protocol versions":             &wire.HostHello{Hotplug: make([]int, 65)},
		"message 1 of handles or uses":                            &wire.HostHello{Uses: []wire.Message{{}}},
		"have 36009 parts":                                        &wire.HostHello{Handles: []wire.Message{large, large, large, large, large, large, large, large, large}},
	} {
		var written strings.Builder
		if err := wire.WriteLine(&written, hello); err == nil || !strings.Contains(err.Error(), want) || written.Len() > 0 {
			t.Errorf("%v, and %d bytes are written; want an error that says %q", err, written.Len(), want)
		}
	}
}

// TestNoHandshakeLineKeepsMoreThanAFewTimesItsSize: the heap is looked at while what was read is held.
func TestNoHandshakeLineKeepsMoreThanAFewTimesItsSize(t *testing.T) {
	const most = 8 << 20 // of the 10 MiB that docs/reliability.md has for what is no frame
	deep := `{"name":"a","payload":` + strings.Repeat(`{"list":`, shape.MaxDepth-1) + "null" + strings.Repeat("}", shape.MaxDepth)
	nest := `{"name":"a","payload":` + strings.Repeat(`{"struct":{"":`, shape.MaxDepth-1) + "null" + strings.Repeat("}}", shape.MaxDepth-1) + "}"
	for what, line := range map[string]string{
		"hollow messages":   `"handles":` + repeated(340_000, "{}"),
		"short names":       `"handles":` + repeated(40_000, `{"name":"a"}`) + `,"uses":` + repeated(40_000, `{"name":"a"}`),
		"as many as may be": `"handles":` + repeated(4096, `{"name":"a"}`) + `,"uses":` + repeated(4096, `{"name":"a"}`),
		"versions":          `"hotplug":` + repeated(500_000, "1"),
		"features":          `"features":` + repeated(250_000, `"a"`),
		"lists in lists":    `"handles":` + repeated(512, deep) + `,"uses":` + repeated(512, deep),
		"structs":           `"handles":` + repeated(500, nest) + `,"uses":` + repeated(500, nest),
		"fields":            `"handles":` + repeated(8, ofParts(4000)) + `,"uses":` + repeated(8, ofParts(4000)),
	} {
		if len(line) > wire.MaxHello {
			t.Fatalf("%s: %d bytes are more than a line may have", what, len(line))
		}
		var before, after runtime.MemStats
		runtime.GC()
		runtime.ReadMemStats(&before)
		plugin, _ := wire.ReadPluginHello(wire.NewReader(strings.NewReader("{" + line + "}\n")))
		host, _ := wire.ReadHostHello(wire.NewReader(strings.NewReader("{" + line + "}\n")))
		runtime.GC()
		runtime.ReadMemStats(&after)
		if kept := int64(after.HeapAlloc) - int64(before.HeapAlloc); kept > 2*most {
			t.Errorf("%s: two lines of %d bytes keep %d, want at most %d", what, len(line), kept, 2*most)
		} else {
			t.Logf("%s: %d bytes, kept %d, allocated %d", what, len(line), kept, after.TotalAlloc-before.TotalAlloc)
		}
		runtime.KeepAlive(plugin)
		runtime.KeepAlive(host)
	}
}
