package wire_test

import (
	"encoding/json"
	"reflect"
	"strings"
	"testing"

	"github.com/go-hotplug/hotplug/internal/wire"
)

func startup() *wire.Startup {
	return &wire.Startup{Hotplug: []int{1}, Socket: "/run/x.sock", Listener: 3, Serializer: "MessagePackSerializer", Token: "t", Answer: "a",
		Plugin: wire.Identity{Name: "größer", Version: "1.0.0"}, Host: wire.HostInfo{Name: "h", PID: 1, ID: "i"},
		Timeouts: wire.Timeouts{Start: 30000}, Limits: wire.Limits{Frame: 1, Inflight: 2, Streams: 3, StreamItems: 4, StreamBytes: 5}, Disconnect: wire.Disconnect{Mode: "shutdown"}}
}

func TestStartupDataComesBackAsItWasWritten(t *testing.T) {
	want := startup()
	line, err := want.Encode()
	if err != nil || !strings.HasSuffix(string(line), "}\n") {
		t.Fatalf("%s, %v", line, err)
	}
	got, err := wire.ParseStartup(line)
	if err != nil || !reflect.DeepEqual(got, want) {
		t.Fatalf("got %+v, %v", got, err)
	}
}

func TestStartupDataWithoutLimitsGetsTheDefaults(t *testing.T) {
	s := startup()
	s.Limits = wire.Limits{Frame: -1}
	line, _ := s.Encode()
	got, err := wire.ParseStartup(line)
	if err != nil || got.Limits != (wire.Limits{Frame: 16 << 20, Inflight: 1024, Streams: 256, StreamItems: 256, StreamBytes: 1 << 20}) {
		t.Fatalf("got %+v, %v", got, err)
	}
}

func TestParseStartupNamesWhatIsMissing(t *testing.T) {
	for name, drop := range map[string][]string{
		"hotplug": {"hotplug"}, "serializer": {"serializer"}, "token": {"token"}, "answer": {"answer"}, "socket or listener": {"socket", "listener"},
	} {
		line, _ := startup().Encode()
		var fields map[string]any
		if err := json.Unmarshal(line, &fields); err != nil {
			t.Fatal(err)
		}
		for _, key := range drop {
			delete(fields, key)
		}
		line, _ = json.Marshal(fields)
		_, err := wire.ParseStartup(line)
		if err == nil || !strings.Contains(err.Error(), "start-up data: "+name+" is missing") {
			t.Errorf("%s: got %v", name, err)
		}
	}
}

func TestParseStartupRefusesWhatIsNotOneObject(t *testing.T) {
	line, _ := startup().Encode()
	for name, data := range map[string]string{
		"nothing": "", "blank": "\n", "garbage": "fd:4", "trailing data": string(line) + "{}", "cut off": string(line[:len(line)-2]), "a list": "[]",
		"a number too large": `{"listener":1e99}`, "binary": "\x00\xff", "the secret first": `{"token":"0123456789abcdefSECRET"`,
	} {
		_, err := wire.ParseStartup([]byte(data))
		if err == nil || !strings.Contains(err.Error(), "start-up data: expected one JSON object, found ") || strings.Contains(err.Error(), "SECRET") {
			t.Errorf("%s: got %v", name, err)
		}
	}
}

func TestStartupDataIsLimitedAtBothEnds(t *testing.T) {
	s := startup()
	line, _ := s.Encode()
	s.Host.Name += strings.Repeat("x", wire.MaxStartup-len(line))
	line, err := s.Encode()
	if err != nil || len(line) != wire.MaxStartup {
		t.Fatalf("%d bytes, %v", len(line), err)
	}
	if _, err := wire.ParseStartup(line); err != nil {
		t.Errorf("data of the limit: %v", err)
	}
	s.Host.Name += "x"
	if _, err := s.Encode(); err == nil || !strings.Contains(err.Error(), "32769 bytes is over the limit of 32768") {
		t.Errorf("written: %v", err)
	}
	if _, err := wire.ParseStartup(append(line, ' ')); err == nil || !strings.Contains(err.Error(), "32769 bytes are over the limit of 32768") {
		t.Errorf("read: %v", err)
	}
}
