package wire_test

import (
	"bufio"
	"bytes"
	"encoding/hex"
	"encoding/json"
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/go-hotplug/hotplug/internal/wire"
)

var update = flag.Bool("update", false, "write testdata/golden anew; look at the difference before you commit it")

// golden is one frame as it is written down: what it says and its bytes.
type golden struct {
	name    string
	frame   wire.Frame
	payload any // of the type that it is decoded into; nil: none
	bytes   []byte
}

type greetRequest struct {
	Name string `json:"name" msgpack:"name"`
	Age  int64  `json:"age" msgpack:"age"`
}

type failure struct {
	Code    string `json:"code"`
	Message string `json:"message"`
}

// config and state are the payloads of hotplug.configure and hotplug.restore.
type config struct {
	JSON []byte `json:"json"`
}

type state struct {
	Schema string `json:"schema"`
	Data   []byte `json:"data"`
}

type progress struct {
	Done  int64  `json:"done"`
	Total int64  `json:"total"`
	Note  string `json:"note"`
}

// goldenFrames says every kind once, and what is special about some.
func goldenFrames() []golden {
	tx := wire.Tx{N: 7}
	return []golden{
		{name: "request", frame: wire.Frame{Kind: wire.Request, Tx: tx, Type: "greet", Meta: wire.Meta{Deadline: 30000, Headers: map[string]string{"traceparent": "00-4bf9"}}}, payload: &greetRequest{"Zoë", 36}},
		{name: "request with a tx of a user's generator and no payload", frame: wire.Frame{Kind: wire.Request, Tx: wire.Tx{S: "af98-κλ"}, Type: "status"}},
		{name: "request of a stream, with its window", frame: wire.Frame{Kind: wire.Request, Tx: tx, Type: "outline", Meta: wire.Meta{Opens: "stream", Items: 64, Bytes: 1 << 20}}, payload: &greetRequest{"", -1}},
		{name: "request of an upload that wants progress", frame: wire.Frame{Kind: wire.Request, Tx: tx, Type: "ingest", Meta: wire.Meta{Opens: "upload", Progress: true}}},
		{name: "cancel", frame: wire.Frame{Kind: wire.Cancel, Tx: tx}},
		{name: "upload", frame: wire.Frame{Kind: wire.Upload, Tx: tx}, payload: new("line\nnext")},
		{name: "uploadEnd", frame: wire.Frame{Kind: wire.UploadEnd, Tx: tx}},
		{name: "credit", frame: wire.Frame{Kind: wire.Credit, Tx: tx, Meta: wire.Meta{Items: 32, Bytes: 65536}}},
		{name: "credit that acknowledges notices", frame: wire.Frame{Kind: wire.Credit, Meta: wire.Meta{Items: 512}}},
		{name: "result", frame: wire.Frame{Kind: wire.Result, Tx: wire.Tx{N: 300}}, payload: new("Hello, Zoë")},
		{name: "result without a value", frame: wire.Frame{Kind: wire.Result, Tx: wire.Tx{N: 1 << 40}}},
		{name: "error", frame: wire.Frame{Kind: wire.Error, Tx: tx}, payload: &failure{"NotFound", "no theme \"dark\""}},
		{name: "item", frame: wire.Frame{Kind: wire.Item, Tx: tx}, payload: &[]int64{1, 1000, -70000}},
		{name: "end", frame: wire.Frame{Kind: wire.End, Tx: tx}},
		{name: "uploadCredit", frame: wire.Frame{Kind: wire.UploadCredit, Tx: tx, Meta: wire.Meta{Items: 16}}},
		{name: "progress", frame: wire.Frame{Kind: wire.Progress, Tx: tx}, payload: &progress{1, 2, "loading"}},
		{name: "notice", frame: wire.Frame{Kind: wire.Notice, Tx: wire.Tx{N: 1}, Type: "saved"}, payload: new(true)},
		{name: "ping", frame: wire.Frame{Kind: wire.Ping, Tx: wire.Tx{N: 2}}},
		{name: "pong", frame: wire.Frame{Kind: wire.Pong, Tx: wire.Tx{N: 2}}},
		{name: "goodbye", frame: wire.Frame{Kind: wire.Goodbye, Meta: wire.Meta{Then: "park", Lease: 10000}}},
		{name: "hotplug.configure", frame: wire.Frame{Kind: wire.Request, Tx: wire.Tx{N: 2}, Type: "hotplug.configure"}, payload: &config{[]byte(`{"lang":"fr"}`)}},
		{name: "hotplug.restore", frame: wire.Frame{Kind: wire.Request, Tx: wire.Tx{N: 3}, Type: "hotplug.restore"}, payload: &state{"counter/1", []byte("\x00\x2a")}},
		{name: "a kind of a later version that may be ignored", frame: wire.Frame{Kind: 200, Tx: tx}, payload: new(1.5)},
	}
}

// write is the golden's block in its file.
func (g *golden) write(w *strings.Builder, binary bool) {
	meta, _ := json.Marshal(&g.frame.Meta)
	fmt.Fprintf(w, "\n%s\n  kind:    %d %s\n  tx:      %s\n", g.name, g.frame.Kind, g.frame.Kind, g.frame.Tx)
	if g.frame.Type != "" {
		fmt.Fprintf(w, "  type:    %s\n", g.frame.Type)
	}
	if len(meta) > 2 {
		fmt.Fprintf(w, "  meta:    %s\n", meta)
	}
	if g.payload != nil {
		p, _ := json.Marshal(g.payload)
		fmt.Fprintf(w, "  payload: %s\n", p)
	}
	if !binary {
		fmt.Fprintf(w, "  text:    %s\n", strings.ReplaceAll(string(g.bytes), "\n", "⏎"))
		return
	}
	for i := 0; i < len(g.bytes); i += 24 {
		fmt.Fprintf(w, "  hex:     % x\n", g.bytes[i:min(i+24, len(g.bytes))])
	}
}

// readGolden returns the bytes of each block of a file, by name.
func readGolden(t *testing.T, file string) map[string][]byte {
	t.Helper()
	f, err := os.Open(filepath.Join("testdata", "golden", file))
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	blocks, name := map[string][]byte{}, ""
	for lines := bufio.NewScanner(f); lines.Scan(); {
		line := lines.Text()
		key, value, _ := strings.Cut(strings.TrimSpace(line), ":")
		switch {
		case strings.HasPrefix(line, "#") || line == "":
		case !strings.HasPrefix(line, "  "):
			name = line
		case key == "hex":
			b, err := hex.DecodeString(strings.ReplaceAll(value, " ", ""))
			if err != nil {
				t.Fatalf("%s: %s: %v", file, name, err)
			}
			blocks[name] = append(blocks[name], b...)
		case key == "text":
			blocks[name] = []byte(strings.ReplaceAll(strings.TrimLeft(value, " "), "⏎", "\n"))
		}
	}
	return blocks
}

func writeGolden(t *testing.T, l layout, frames []golden) {
	t.Helper()
	var w strings.Builder
	fmt.Fprintf(&w, "# %s\n# The package's tests read this file; docs/protocol.md quotes it. A newline is written ⏎ in texts.\n", l.title)
	for i := range frames {
		frames[i].write(&w, l.binary)
	}
	if err := os.WriteFile(filepath.Join("testdata", "golden", l.file), []byte(w.String()), 0o644); err != nil {
		t.Fatal(err)
	}
}

// encoded returns the golden frames in a layout, and checks them against the file.
func encoded(t *testing.T, l layout) []golden {
	t.Helper()
	frames := goldenFrames()
	for i := range frames {
		var err error
		g := &frames[i]
		if g.bytes, err = l.format().Append(nil, &g.frame, g.payload, wire.DefaultMaxFrame); err != nil {
			t.Fatalf("%s: %v", g.name, err)
		}
	}
	if *update {
		writeGolden(t, l, frames)
	}
	return frames
}

func TestFramesAreTheGoldenBytes(t *testing.T) {
	for _, l := range layouts {
		t.Run(l.file, func(t *testing.T) {
			frames := encoded(t, l)
			want := readGolden(t, l.file)
			if len(want) != len(frames) {
				t.Errorf("the file has %d frames, expected %d", len(want), len(frames))
			}
			for _, g := range frames {
				if !bytes.Equal(g.bytes, want[g.name]) {
					t.Errorf("%s:\ngot  %q\nwant %q", g.name, g.bytes, want[g.name])
				}
			}
		})
	}
}
