package main

import (
	"bytes"
	"encoding/json"
	"io"
	"net"
	"testing"

	"github.com/go-hotplug/hotplug/sample-plugins/crasher/crasherapi"
)

// hear returns the first bytes, at most limit, that a talk says.
func hear(t *testing.T, name crasherapi.Start, limit int) []byte {
	t.Helper()
	here, there := net.Pipe()
	done := make(chan struct{})
	go func() {
		defer close(done)
		talks[name](startup{Serializer: "JsonSerializer", Answer: "5ec2e7"}, there)
		there.Close()
	}()
	heard, err := io.ReadAll(io.LimitReader(here, int64(limit)))
	if err != nil {
		t.Errorf("%s: %v", name, err)
	}
	here.Close()
	<-done
	return heard
}

func TestTalksBreakTheHandshakeInTheirOwnWay(t *testing.T) {
	tests := map[crasherapi.Start]struct {
		line   bool   // a whole line of JSON comes first
		answer string // its secret
		after  int    // bytes behind it
	}{
		crasherapi.StartSilent:      {},
		crasherapi.StartGarbage:     {after: 64 * 256},
		crasherapi.StartEndless:     {after: 1 << 20},
		crasherapi.StartHalfLine:    {after: len(hello("JsonSerializer", "5ec2e7")) / 2},
		crasherapi.StartTrickle:     {after: 1},
		crasherapi.StartRefuse:      {line: true},
		crasherapi.StartWrongAnswer: {line: true, answer: "000000"},
		crasherapi.StartBadFrame:    {line: true, answer: "5ec2e7", after: 12},
		crasherapi.StartHugeFrame:   {line: true, answer: "5ec2e7", after: 5},
		crasherapi.StartMute:        {line: true, answer: "5ec2e7"},
	}
	for name, want := range tests {
		t.Run(string(name), func(t *testing.T) {
			limit := 1 << 20
			if name == crasherapi.StartTrickle {
				limit = 1
			}
			rest := hear(t, name, limit)
			if want.line {
				rest = checkHello(t, rest, want.answer)
			}
			if len(rest) != want.after {
				t.Errorf("%d bytes %.40q, want %d", len(rest), rest, want.after)
			}
		})
	}
}

// checkHello reads the handshake and returns what follows it.
func checkHello(t *testing.T, heard []byte, answer string) []byte {
	t.Helper()
	line, rest, _ := bytes.Cut(heard, []byte("\n"))
	var hello struct{ Answer string }
	if err := json.Unmarshal(line, &hello); err != nil || hello.Answer != answer {
		t.Errorf("handshake %s, %v; want the answer %q", line, err, answer)
	}
	return rest
}
