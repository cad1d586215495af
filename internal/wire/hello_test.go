package wire_test

import (
	"bytes"
	"errors"
	"io"
	"net"
	"strings"
	"testing"
	"testing/iotest"

	"github.com/go-hotplug/hotplug/internal/wire"
)

func TestHelloLinesComeBackAsTheyWereWritten(t *testing.T) {
	var stream bytes.Buffer
	host := wire.HostHello{Hotplug: []int{1}, Serializer: "JsonSerializer", Token: "t", Host: wire.HostInfo{Name: "döcsite", PID: 7, ID: "x"},
		Limits: wire.Limits{Frame: 10, Inflight: 20}, Uses: []wire.Message{{Name: "greet", Kind: "method"}}}
	plugin := wire.PluginHello{Hotplug: 1, Serializer: "JsonSerializer", Answer: "a", Plugin: &wire.PluginInfo{Name: "greeter", Version: "1.0.0"}, Features: []string{"park"}}
	for _, line := range []any{&host, &plugin} {
		if err := wire.WriteLine(&stream, line); err != nil {
			t.Fatal(err)
		}
	}
	r := wire.NewReader(iotest.OneByteReader(&stream))
	gotHost, err := wire.ReadHostHello(r)
	if err != nil || gotHost.Host != host.Host || gotHost.Limits != host.Limits || gotHost.Token != "t" || gotHost.Uses[0].Name != "greet" {
		t.Fatalf("got %+v, %v", gotHost, err)
	}
	gotPlugin, err := wire.ReadPluginHello(r)
	if err != nil || *gotPlugin.Plugin != *plugin.Plugin || gotPlugin.Answer != "a" || gotPlugin.Features[0] != "park" {
		t.Fatalf("got %+v, %v", gotPlugin, err)
	}
}

func TestHelloRefusesALineThatIsNoJSONAndQuotesItsBeginningOnly(t *testing.T) {
	for name, line := range map[string]string{
		"garbage": "SSH-2.0-OpenSSH_9.9\r\n", "cut off": `{"hotplug":[1],` + "\n", "another shape": `{"hotplug":"one"}` + "\n", "a list": "[]\n", "binary": "\x00\x00\x00\x05\x94\n",
		"the secret first": `{"token":"0123456789abcdefSECRET` + "\n", "blank": "\n",
	} {
		for _, read := range []func(*wire.Reader) error{readHost, readPlugin} {
			err := read(wire.NewReader(strings.NewReader(line)))
			var refusal *wire.Refusal
			if !errors.As(err, &refusal) || refusal.Code != "Protocol" || !strings.HasPrefix(err.Error(), "expected a handshake line of JSON, found ") {
				t.Errorf("%s: got %v", name, err)
			}
			if err != nil && strings.Contains(err.Error(), "SECRET") {
				t.Errorf("%s: the error carries a secret: %v", name, err)
			}
		}
	}
}

func readHost(r *wire.Reader) error   { _, err := wire.ReadHostHello(r); return err }
func readPlugin(r *wire.Reader) error { _, err := wire.ReadPluginHello(r); return err }

func TestHelloLineIsLimitedAtBothEnds(t *testing.T) {
	long := strings.Repeat("x", wire.MaxHello)
	err := wire.WriteLine(io.Discard, &wire.PluginHello{Answer: long})
	if err == nil || !strings.Contains(err.Error(), "over the limit of 1048576") {
		t.Errorf("written: %v", err)
	}
	err = readHost(wire.NewReader(strings.NewReader(`{"token":"` + long + `"}` + "\n")))
	if err == nil || !strings.Contains(err.Error(), "the handshake line is over the limit of 1048576 bytes") {
		t.Errorf("read: %v", err)
	}
	fits := `{"token":"` + long[:wire.MaxHello-len(`{"token":""}`)] + `"}`
	if err := readHost(wire.NewReader(strings.NewReader(fits + "\n"))); err != nil {
		t.Errorf("a line of the limit: %v", err)
	}
}

func TestHelloThatEndsEarlyIsTheStreamsError(t *testing.T) {
	if err := readHost(wire.NewReader(strings.NewReader(""))); err != io.EOF {
		t.Errorf("got %v", err)
	}
	if err := readHost(wire.NewReader(strings.NewReader(`{"hotplug":[1]}`))); err != io.ErrUnexpectedEOF {
		t.Errorf("got %v", err)
	}
}

func TestRefusalIsTheErrorOfReadPluginHello(t *testing.T) {
	for line, want := range map[string]string{
		`{"error":{"code":"busy","message":"another host is connected"}}`: "another host is connected",
		`{"error":{"code":"busy"}}`:                                       "the plugin refused the handshake with busy and no sentence: rebuild it, or report it to the author of its library",
	} {
		var refusal *wire.Refusal
		if err := readPlugin(wire.NewReader(strings.NewReader(line + "\n"))); !errors.As(err, &refusal) || err.Error() != want || refusal.Code != "busy" {
			t.Errorf("got %v", err)
		}
	}
}

func TestPickVersionSaysWhoMustUpgradeToWhat(t *testing.T) {
	for want, offered := range map[string][]int{
		"protocol mismatch: host offers 2, 3, plugin speaks 1: rebuild the plugin with a hotplug that speaks protocol 3, or use a host that offers 1": {2, 3},
		"protocol mismatch: host offers none, plugin speaks 1: upgrade the host to one that speaks protocol 1":                                        nil,
		"protocol mismatch: host offers 0, -4, plugin speaks 1: upgrade the host to one that speaks protocol 1":                                       {0, -4},
	} {
		_, err := wire.PickVersion(offered)
		if err == nil || err.Error() != want {
			t.Errorf("%v:\ngot  %v\nwant %s", offered, err, want)
		}
	}
	if v, err := wire.PickVersion([]int{3, 2, 1}); v != 1 || err != nil {
		t.Errorf("got %d, %v", v, err)
	}
}

func TestSecretsAreLongDistinctAndEqualToThemselvesOnly(t *testing.T) {
	a, b := wire.NewSecret(), wire.NewSecret()
	if len(a) != 64 || a == b {
		t.Fatalf("secrets %q and %q", a, b)
	}
	for _, c := range []struct {
		got, want string
		same      bool
	}{{a, a, true}, {a, b, false}, {a[:63], a, false}, {a + "0", a, false}, {"", a, false}, {a, "", false}, {"", "", false}} {
		if wire.SameSecret(c.got, c.want) != c.same {
			t.Errorf("SameSecret(%q, %q) is %v", c.got, c.want, !c.same)
		}
	}
}

func TestSerializerMismatchIsTheSentence(t *testing.T) {
	want := "serializer mismatch: host uses JsonSerializer, plugin uses MessagePackSerializer"
	if err := wire.SerializerMismatch("JsonSerializer", "MessagePackSerializer"); err.Error() != want {
		t.Errorf("got %v", err)
	}
}

func TestAStreamKeepsWhatTheHandshakeReadTooMuch(t *testing.T) {
	a, b := net.Pipe()
	defer a.Close()
	go func() { defer b.Close(); _, _ = b.Write([]byte("{}\n{\"kind\":\"ping\"}\n")) }()
	s := wire.NewStream(a)
	if err := readHost(s.Reader); err != nil {
		t.Fatal(err)
	}
	r := wire.ReaderOf(s)
	r.SetFraming(jsonL.format(), 100)
	if buf, err := r.Frame(); err != nil || string(buf.B) != `{"kind":"ping"}` {
		t.Fatalf("got %v", err)
	}
}
