package main

import (
	"bytes"
	"errors"
	"io"
	"strings"
	"testing"

	"github.com/go-hotplug/hotplug/rpc"
	"github.com/go-hotplug/hotplug/sample-plugins/crasher/crasherapi"
)

// capture replaces what floods write to.
func capture(t *testing.T) (stdout, stderr *bytes.Buffer) {
	t.Helper()
	stdout, stderr = &bytes.Buffer{}, &bytes.Buffer{}
	old := outputs
	t.Cleanup(func() { outputs = old })
	outputs = map[crasherapi.Stream][]io.Writer{
		crasherapi.Stdout: {stdout}, crasherapi.Stderr: {stderr}, crasherapi.Both: {stdout, stderr},
	}
	return stdout, stderr
}

func TestFloodWritesWhatItSaysItWrote(t *testing.T) {
	tests := map[crasherapi.Flavour]struct {
		contains string
		lines    bool
	}{
		crasherapi.Lines:   {"crasher line 1\ncrasher line 2\n", true},
		crasherapi.Endless: {"endless endless ", false},
		crasherapi.Binary:  {"\x00\x01\x02", true},
		crasherapi.BadLog:  {`"@message":"cut off` + "\n", true},
		crasherapi.Nested:  {`{"@message":{"@message":`, true},
		crasherapi.Escapes: {"\x1b[2J", true},
		crasherapi.Blank:   {"\n\n\n", true},
	}
	for flavour, want := range tests {
		t.Run(string(flavour), func(t *testing.T) {
			stdout, stderr := capture(t)
			got, err := crasherapi.Flood.Call(t.Context(), connect(t), crasherapi.FloodRequest{Stream: crasherapi.Stderr, Flavour: flavour, Bytes: 10_000})
			if err != nil || got.Bytes < 10_000 || got.Bytes != int64(stderr.Len()) || stdout.Len() != 0 {
				t.Fatalf("%+v, %v; stderr has %d bytes, stdout %d", got, err, stderr.Len(), stdout.Len())
			}
			if text := stderr.String(); !strings.Contains(text, want.contains) || strings.Contains(text, "\n") != want.lines {
				t.Errorf("wrote %.60q", text)
			}
		})
	}
}

func TestFloodOfBothStreamsTakesTurns(t *testing.T) {
	stdout, stderr := capture(t)
	req := crasherapi.FloodRequest{Stream: crasherapi.Both, Flavour: crasherapi.Lines, Bytes: 40}
	if _, err := crasherapi.Flood.Call(t.Context(), connect(t), req); err != nil {
		t.Fatal(err)
	}
	if stdout.String() != "crasher line 1\ncrasher line 3\n" || stderr.String() != "crasher line 2\n" {
		t.Errorf("stdout %q, stderr %q", stdout, stderr)
	}
}

func TestFloodRefusesAStreamOrFlavourItDoesNotKnow(t *testing.T) {
	p := connect(t)
	for _, req := range []crasherapi.FloodRequest{{Stream: "stdlog", Flavour: crasherapi.Lines}, {Stream: crasherapi.Both, Flavour: "mud"}} {
		if _, err := crasherapi.Flood.Call(t.Context(), p, req); !errors.Is(err, rpc.Invalid) {
			t.Errorf("%+v: %v", req, err)
		}
	}
}
