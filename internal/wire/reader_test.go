package wire_test

import (
	"bytes"
	"encoding/binary"
	"errors"
	"io"
	"runtime"
	"strings"
	"testing"
	"testing/iotest"

	"github.com/go-hotplug/hotplug/codec"
	"github.com/go-hotplug/hotplug/internal/wire"
)

var (
	packed = layouts[0]
	jsonL  = layouts[1]
)

// user returns the layout of a user's serializer with a terminator.
func user(terminator string) layout {
	return layout{serializer: userSerializer{"UserSerializer", []byte(terminator)}}
}

// rawSerializer writes what it is told to.
type rawSerializer struct {
	userSerializer
	out []byte
}

func (r rawSerializer) Marshal(any) ([]byte, error) { return r.out, nil }

func announce(n uint32, sent ...byte) []byte {
	return append(binary.BigEndian.AppendUint32(nil, n), sent...)
}

func TestReaderRefusesAFrameOfNoBytes(t *testing.T) {
	_, err := reader(packed, bytes.NewReader(announce(0)), 100).Frame()
	var corrupt *wire.Corrupt
	if !errors.As(err, &corrupt) || corrupt.Recoverable {
		t.Fatalf("got %v", err)
	}
}

func TestReaderRefusesAFrameOverTheLimitAndNamesBoth(t *testing.T) {
	for name, r := range map[string]*wire.Reader{
		"prefix":                 reader(packed, bytes.NewReader(announce(101)), 100),
		"largest prefix":         reader(packed, bytes.NewReader(announce(1<<32-1)), 100),
		"terminated":             reader(jsonL, strings.NewReader(strings.Repeat("x", 101)+"\n"), 100),
		"never terminated":       reader(jsonL, iotest.OneByteReader(strings.NewReader(strings.Repeat("x", 1000))), 100),
		"two-byte terminator":    reader(user("--"), strings.NewReader(strings.Repeat("-x", 100)+"--"), 100),
		"over the reader's own":  reader(jsonL, strings.NewReader(strings.Repeat("x", 100_000)+"\n"), 50_000),
		"terminated by the last": reader(user("ab"), strings.NewReader(strings.Repeat("b", 101)+"ab"), 100),
	} {
		_, err := r.Frame()
		var large *wire.TooLarge
		if !errors.As(err, &large) || large.Size <= large.Max || !strings.Contains(err.Error(), "limits.frame") {
			t.Errorf("%s: got %v", name, err)
		}
	}
}

func TestReaderTakesAFrameOfExactlyTheLimit(t *testing.T) {
	body := strings.Repeat("x", 100)
	for name, r := range map[string]*wire.Reader{
		"prefix":     reader(packed, bytes.NewReader(announce(100, []byte(body)...)), 100),
		"terminated": reader(jsonL, strings.NewReader(body+"\n"), 100),
		"two bytes":  reader(user("--"), strings.NewReader(body+"--"), 100),
	} {
		if buf, err := r.Frame(); err != nil || string(buf.B) != body {
			t.Errorf("%s: %v", name, err)
		}
	}
}

func TestAnAnnouncedFrameCostsWhatWasSentOfIt(t *testing.T) {
	var before, after runtime.MemStats
	runtime.ReadMemStats(&before)
	for range 8 {
		_, err := reader(packed, bytes.NewReader(announce(16<<20, 1, 2, 3)), 16<<20).Frame()
		if !errors.Is(err, io.ErrUnexpectedEOF) || !strings.Contains(err.Error(), "3 of 16777216 bytes") {
			t.Fatal(err)
		}
	}
	runtime.ReadMemStats(&after)
	if got := (after.TotalAlloc - before.TotalAlloc) / 8; got > 256<<10 {
		t.Fatalf("an announcement of 16 MiB with 3 bytes sent allocates %d bytes", got)
	}
}

func TestLargeFramesArriveWhole(t *testing.T) {
	for _, size := range []int{64<<10 - 1, 64 << 10, 64<<10 + 1, 1 << 20, 5<<20 + 7} {
		body := bytes.Repeat([]byte("0123456789abcdef"), size/16+1)[:size]
		r := reader(packed, iotest.HalfReader(bytes.NewReader(append(announce(uint32(size), body...), announce(1, 'x')...))), 16<<20)
		buf, err := r.Frame()
		if err != nil || !bytes.Equal(buf.B, body) {
			t.Fatalf("%d bytes: %v", size, err)
		}
		if buf, err = r.Frame(); err != nil || string(buf.B) != "x" {
			t.Fatalf("behind %d bytes: %v", size, err)
		}
	}
}

func TestReaderFindsTerminatedFrames(t *testing.T) {
	for name, c := range map[string]struct {
		layout layout
		stream string
		want   []string
	}{
		"blank lines and CR are skipped":          {jsonL, "\n\r\n a\r\n\n\nb\n", []string{" a", "b"}},
		"CR within a line stays":                  {jsonL, "a\rb\n", []string{"a\rb"}},
		"a user's CR before its newline stays":    {user("\n"), "a\r\nb\n", []string{"a\r", "b"}},
		"three bytes":                             {user("<;>"), "a<;>b;>c<;><;>d<;>", []string{"a", "b;>c", "d"}},
		"the terminator's beginning again":        {user("aab"), "xaaabyaab", []string{"xa", "y"}},
		"no terminator, but not nil":              {user(""), "\x00\x00\x00\x01x", []string{"x"}},
		"longer than the buffer that reads ahead": {user("--"), strings.Repeat("-x", 20_000) + "--y--", []string{strings.Repeat("-x", 20_000), "y"}},
	} {
		for _, stream := range []io.Reader{strings.NewReader(c.stream), iotest.OneByteReader(strings.NewReader(c.stream))} {
			r := reader(c.layout, stream, 1<<20)
			for _, want := range c.want {
				if buf, err := r.Frame(); err != nil || string(buf.B) != want {
					t.Fatalf("%s: got %v, %v, expected %.40q", name, buf, err, want)
				}
			}
			if _, err := r.Frame(); err != io.EOF {
				t.Fatalf("%s: at the end: %v", name, err)
			}
		}
	}
}

func TestLineLeavesTheFramesBehindItToFrame(t *testing.T) {
	r := wire.NewReader(strings.NewReader("{\"hotplug\":[1]}\n\x00\x00\x00\x02ab"))
	if line, err := r.Line(100); err != nil || string(line) != `{"hotplug":[1]}` {
		t.Fatalf("%s, %v", line, err)
	}
	if r.Buffered() != 6 {
		t.Fatalf("%d bytes are buffered", r.Buffered())
	}
	r.SetFraming(wire.FormatOf(codec.MessagePackSerializer{}), 100)
	if buf, err := r.Frame(); err != nil || string(buf.B) != "ab" {
		t.Fatal(err)
	}
}

func TestReaderReportsTheStreamsOwnError(t *testing.T) {
	for name, l := range map[string]layout{"prefix": packed, "terminated": jsonL} {
		r := reader(l, io.MultiReader(bytes.NewReader([]byte{0, 0}), iotest.ErrReader(errors.New("cable cut"))), 100)
		if _, err := r.Frame(); err == nil || !strings.Contains(err.Error(), "cable cut") {
			t.Errorf("%s: got %v", name, err)
		}
	}
}
