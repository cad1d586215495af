package main

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"os"
	"strings"

	"github.com/go-hotplug/hotplug/rpc"
	"github.com/go-hotplug/hotplug/sample-plugins/crasher/crasherapi"
)

// outputs are what each stream writes to; tests put their own here.
var outputs = map[crasherapi.Stream][]io.Writer{
	crasherapi.Stdout: {os.Stdout},
	crasherapi.Stderr: {os.Stderr},
	crasherapi.Both:   {os.Stdout, os.Stderr},
}

func flood(ctx context.Context, req crasherapi.FloodRequest) (crasherapi.Flooded, error) {
	var done crasherapi.Flooded
	writers, known := outputs[req.Stream]
	if !known {
		return done, rpc.Errorf(rpc.Invalid, "flood %q: the streams are stdout, stderr and both", req.Stream)
	}
	if _, known := piece(req.Flavour, 1); !known {
		return done, rpc.Errorf(rpc.Invalid, "flood of %q: no such flavour, see crasherapi.Flavour", req.Flavour)
	}
	for done.Bytes < req.Bytes {
		if ctx.Err() != nil {
			return done, ctx.Err()
		}
		text, _ := piece(req.Flavour, done.Pieces+1)
		n, err := writers[done.Pieces%int64(len(writers))].Write(text)
		done.Bytes += int64(n)
		done.Pieces++
		if err != nil {
			return done, rpc.Errorf(rpc.Internal, "flood %s after %d bytes: %w", req.Stream, done.Bytes, err)
		}
	}
	return done, nil
}

var (
	endless = bytes.Repeat([]byte("endless "), 512)
	blank   = bytes.Repeat([]byte("\n"), 512)
	nested  = []byte(strings.Repeat(`{"@message":`, 10_000) + "\n")
	bytes0  = everyByte()
)

func everyByte() []byte {
	all := make([]byte, 256)
	for i := range all {
		all[i] = byte(i)
	}
	return all
}

// badLogs look like hclog's JSON and are not.
var badLogs = []string{
	`{"@level":"info","@message":"cut off`,
	`{"@level":42,"@message":["not","text"],"@timestamp":true}`,
	`{"@level":"shout","@message":"no such level","@timestamp":"2026-01-31T12:00:00.000000Z"}`,
	`{"@level":"error","@message":"no such time","@timestamp":"yesterday"}`,
	`{"@level":"warn","@level":"info","@message":"twice","@message":"again"}`,
	`{"@message":"no level"}`,
	`{"@level":"info","@message":"bad text \ud800 \x","key":1e999}`,
	`{"@level":"info","@message":"line\nbreak and \u001b[31mcolour","@module":"../../host"}`,
	`{"@level":"info","@message":"two in a line"}{"@level":"info","@message":"second"}`,
	`{}`, `[]`, `null`, `{"@level":null}`,
}

// piece is what is written at once; the pieces of a flood are numbered from 1.
func piece(flavour crasherapi.Flavour, number int64) (text []byte, known bool) {
	switch flavour {
	case crasherapi.Lines:
		return fmt.Appendf(nil, "crasher line %d\n", number), true
	case crasherapi.Endless:
		return endless, true
	case crasherapi.Binary:
		return bytes0, true
	case crasherapi.BadLog:
		return []byte(badLogs[(number-1)%int64(len(badLogs))] + "\n"), true
	case crasherapi.Nested:
		return nested, true
	case crasherapi.Escapes:
		return []byte("\x1b[2J\x1b]0;title\a\x1b[31mred\rover\b\b\bwritten\x00\x7f\u202e\n"), true
	case crasherapi.Blank:
		return blank, true
	}
	return nil, false
}
