package main

import (
	"bufio"
	"bytes"
	"context"
	"errors"
	"io"
	"iter"

	"github.com/go-hotplug/hotplug/rpc"
)

// maxLine is how long a line of stdin may be, in bytes. What fits into a message is for the host and the plugin to say.
const maxLine = 64 << 20

// A line is one of stdin that is not blank, or why the next one could not be read.
type line struct {
	number int // from 1
	text   []byte
	err    error
}

// linesOf reads lines when they are asked for, until stdin or ctx ends. A goroutine that waits for stdin then stays behind, with the process
// about to end.
func linesOf(ctx context.Context, in io.Reader) iter.Seq[line] {
	return func(yield func(line) bool) {
		read := make(chan line) // scan sends and closes; no slot: it reads no line that nobody asked for but one
		go scan(ctx, in, read)
		for {
			select {
			case l, more := <-read:
				if !more || !yield(l) {
					return
				}
			case <-ctx.Done():
				return
			}
		}
	}
}

func scan(ctx context.Context, in io.Reader, read chan<- line) {
	defer close(read)
	s := bufio.NewScanner(in)
	s.Buffer(nil, maxLine)
	next := 1
	for ; s.Scan(); next++ {
		text := bytes.TrimSpace(s.Bytes())
		if len(text) > 0 && !handOver(ctx, read, line{number: next, text: bytes.Clone(text)}) {
			return
		}
	}
	if s.Err() != nil {
		handOver(ctx, read, line{number: next, err: s.Err()})
	}
}

func handOver(ctx context.Context, read chan<- line, l line) bool {
	select {
	case read <- l:
		return true
	case <-ctx.Done():
		return false
	}
}

// item is a line as a value of the type that the plugin takes.
func (l *line) item(use rpc.Use) (any, error) {
	if errors.Is(l.err, bufio.ErrTooLong) {
		return nil, exitf(exitUsage, "%s: line %d: found more than %d bytes, want one JSON value on each line", use.Name, l.number, maxLine)
	}
	if l.err != nil {
		return nil, exitf(exitUsage, "%s: read line %d from stdin: %w", use.Name, l.number, l.err)
	}
	item, err := use.Payload.FromJSON(l.text)
	if err != nil {
		return nil, exitf(exitUsage, "%s: line %d: %w", use.Name, l.number, err)
	}
	return item, nil
}
