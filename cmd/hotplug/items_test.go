package main

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"iter"
	"strings"
	"sync/atomic"
	"testing"
	"testing/synctest"

	"github.com/go-hotplug/hotplug/rpc"
	"github.com/go-hotplug/hotplug/rpc/rpctest"
)

// A readerFunc is stdin as a function.
type readerFunc func([]byte) (int, error)

func (f readerFunc) Read(b []byte) (int, error) { return f(b) }

// A writerFunc is stdout as a function.
type writerFunc func([]byte) (int, error)

func (f writerFunc) Write(b []byte) (int, error) { return f(b) }

func stdin(text string) streams { return streams{in: strings.NewReader(text)} }

func TestCallPrintsALineForEachItemOfAStream(t *testing.T) {
	s := newShelf(t).sample("counter")
	args := []string{"call", s.dir, "counter", "counter.watch", `{"count": 3}`}
	const plain, tagged = "{\"value\":0}\n", "{\"item\":{\"value\":0}}\n"
	for name, c := range map[string]struct {
		got  session
		want string
	}{
		"piped":    {command(t, args...), strings.Repeat(plain, 3)},
		"terminal": {atTerminal(t, args...), strings.Repeat(plain, 3)},
		"--json":   {command(t, append(args, "--json")...), strings.Repeat(tagged, 3) + "{\"result\":null}\n"},
		"none":     {command(t, "call", s.dir, "counter", "counter.watch", `{"count": 0}`), ""},
		"stdin":    {on(t, stdin(`{"count": 1}`), "call", s.dir, "counter", "counter.watch", "-"), plain},
	} {
		if c.got.exits(t, exitOK); c.got.out != c.want || c.got.err != "" {
			t.Errorf("%s: want %q, got %s", name, c.want, c.got)
		}
	}
}

func TestCallSendsTheLinesOfStdinAsItemsOfAnUpload(t *testing.T) {
	s := newShelf(t).sample("counter")
	for name, c := range map[string]struct {
		in   streams
		more []string
		want string
	}{
		"lines":       {stdin("{\"by\": 2}\n\n  \t\r\n{\"by\": 3}\r\n{\"by\": 9223372036854775800}"), nil, "{\"value\":9223372036854775805}\n"},
		"none":        {stdin(""), nil, "{\"value\":0}\n"},
		"many":        {stdin(strings.Repeat("{\"by\": 1}\n", 5000)), nil, "{\"value\":5000}\n"},
		"with a dash": {stdin("{\"by\": 2}"), []string{"-"}, "{\"value\":2}\n"},
		"--json":      {stdin("{\"by\": 2}"), []string{"--json"}, "{\"result\":{\"value\":2}}\n"},
	} {
		got := on(t, c.in, append([]string{"call", s.dir, "counter", "counter.addAll"}, c.more...)...).exits(t, exitOK)
		if got.out != c.want || got.err != "" {
			t.Errorf("%s: want %q, got %s", name, c.want, got)
		}
	}
}

func TestALineThatDoesNotFitIsNamed(t *testing.T) {
	s := newShelf(t).sample("counter")
	for in, want := range map[string]string{
		"{\"by\": 1}\n\n{\"by\": \"x\"}\n": `counter.addAll: line 3: field "by": expected int64, found string "x"`,
		"{\"by\": 1}\n{\"by\": ":           "counter.addAll: line 2: not JSON",
		"{\"by\": 1} {\"by\": 1}\n":        "counter.addAll: line 1: more than one JSON value",
	} {
		on(t, stdin(in), "call", s.dir, "counter", "counter.addAll").exits(t, exitUsage).complains(t, want)
	}
	torn := io.MultiReader(strings.NewReader("{\"by\": 1}\n"), readerFunc(func([]byte) (int, error) { return 0, errors.New("the tape is torn") }))
	on(t, streams{in: torn}, "call", s.dir, "counter", "counter.addAll").exits(t, exitUsage).complains(t, "counter.addAll: read line 2 from stdin: the tape is torn")
	command(t, "call", s.dir, "counter", "counter.addAll", `{"by": 1}`).exits(t, exitUsage).complains(t, "counter.addAll takes its items from stdin")
}

func TestALineWithoutEndIsRefused(t *testing.T) {
	endless := readerFunc(func(b []byte) (int, error) { clear(b); return len(b), nil })
	for l := range linesOf(t.Context(), endless) {
		if _, err := l.item(rpc.Use{Name: "m"}); exitCode(err) != exitUsage || err.Error() != "m: line 1: found more than 67108864 bytes, want one JSON value on each line" {
			t.Errorf("got %v", err)
		}
	}
}

func TestProgressIsShownOnStderrWhereItIsWanted(t *testing.T) {
	s := newShelf(t).sample("counter")
	args := []string{"call", s.dir, "counter", "counter.addAll"}
	asked := on(t, stdin("{\"by\": 2}\n{\"by\": 2}\n"), append(args, "--progress")...).exits(t, exitOK)
	if asked.out != "{\"value\":4}\n" || !strings.HasSuffix(asked.err, "counter.addAll: 2\n") {
		t.Errorf("with --progress: %s", asked)
	}
	object := on(t, stdin("{\"by\": 2}\n"), append(args, "--progress", "--json")...).exits(t, exitOK)
	if object.out != "{\"result\":{\"value\":2}}\n" || object.err != "{\"progress\":{\"done\":1}}\n" {
		t.Errorf("with --progress and --json: %s", object)
	}
	silent := on(t, streams{in: strings.NewReader("{\"by\": 2}\n"), errTerminal: true}, append(args, "--json")...).exits(t, exitOK)
	if silent.err != "" {
		t.Errorf("on a terminal with --json: %s", silent)
	}
	terminal := on(t, streams{in: strings.NewReader("{\"by\": 2}\n"), errTerminal: true}, args...).exits(t, exitOK)
	if terminal.out != "{\"value\":2}\n" || terminal.err != "\r\x1b[Kcounter.addAll: 1\r\x1b[K" {
		t.Errorf("on a terminal: %q", terminal)
	}
}

func TestAReportIsOneLineThatCommandsNoTerminal(t *testing.T) {
	var out bytes.Buffer
	g := &gauge{a: &app{streams: streams{err: &out}}, message: "m"}
	g.show(rpc.Progress{Done: 3, Total: 10, Note: "a\nb\x1b[2J"})
	if got := out.String(); got != "m: 3 of 10: a b\\x1b[2J\n" {
		t.Errorf("got %q", got)
	}
	g.terminal = true
	out.Reset()
	g.show(rpc.Progress{Note: strings.Repeat("ä", 200)})
	if n := len([]rune(strings.TrimPrefix(out.String(), eraseLine))); n != maxGauge {
		t.Errorf("%d characters on a terminal's line, want %d", n, maxGauge)
	}
}

const (
	chat   rpc.Duplex[int64, int64]  = "x.chat"
	follow rpc.Stream[string, int64] = "x.follow"
	ingest rpc.Upload[int64, int64]  = "x.ingest"
)

// carried calls a message in memory, in a bubble.
func carried(ctx context.Context, t *testing.T, s streams, use rpc.Use, h rpc.Handler) (string, error) {
	t.Helper()
	p, _ := rpctest.Pair(t, nil, []rpc.Handler{h})
	var out bytes.Buffer
	if s.out == nil {
		s.out = &out
	}
	a := &app{streams: s}
	err := a.converse(ctx, p, use, nil, a.gauge(&request{}))
	return out.String(), err
}

func TestADuplexAnswersWhileStdinIsOpenAndEndsWithIt(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		in, typed := io.Pipe()
		var out bytes.Buffer
		negate := chat.Handle(func(_ context.Context, items iter.Seq2[int64, error], send func(int64) error) error {
			for n, err := range items {
				if err != nil || send(-n) != nil {
					return err
				}
			}
			return send(0)
		})
		done := make(chan error)
		go func() {
			_, err := carried(t.Context(), t, streams{in: in, out: &out}, chat.Use(), negate)
			done <- err
		}()
		for n := 1; n <= 3; n++ {
			fmt.Fprintln(typed, n)
			synctest.Wait()
			if want := fmt.Sprintf("-%d\n", n); !strings.HasSuffix(out.String(), want) {
				t.Errorf("stdin is open: got %q, want %q at its end", out.String(), want)
			}
		}
		typed.Close()
		if err := <-done; err != nil || out.String() != "-1\n-2\n-3\n0\n" {
			t.Errorf("got %q, %v", out.String(), err)
		}
	})
}

func TestStdinIsReadNoFasterThanThePluginTakesIt(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var read atomic.Int64
		in := readerFunc(func(b []byte) (int, error) {
			n := copy(b, bytes.Repeat([]byte("1\n"), len(b)/2+1)[:len(b)/2*2])
			read.Add(int64(n))
			return n, nil
		})
		ctx, cancel := context.WithCancel(t.Context())
		done := make(chan error)
		go func() {
			_, err := carried(ctx, t, streams{in: in}, ingest.Use(), ingest.Handle(func(ctx context.Context, _ iter.Seq2[int64, error]) (int64, error) {
				<-ctx.Done()
				return 0, ctx.Err()
			}))
			done <- err
		}()
		synctest.Wait()
		if n := read.Load(); n == 0 || n > 64<<10 {
			t.Errorf("%d bytes of an endless stdin were read for a plugin that takes none", n)
		}
		cancel()
		if err := <-done; !errors.Is(err, rpc.Canceled) {
			t.Errorf("got %v", err)
		}
	})
}

func TestAReplyIsPrintedThoughStdinIsStillOpen(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		in, typed := io.Pipe()
		defer typed.Close()
		out, err := carried(t.Context(), t, streams{in: in}, ingest.Use(), ingest.Handle(func(context.Context, iter.Seq2[int64, error]) (int64, error) {
			return 7, nil
		}))
		if err != nil || out != "7\n" {
			t.Errorf("got %q, %v", out, err)
		}
	})
}

func TestAnErrorEndsAStreamBehindItsItems(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		out, err := carried(t.Context(), t, streams{}, follow.Use(), follow.Handle(func(_ context.Context, _ string, send func(int64) error) error {
			return errors.Join(send(1), rpc.Errorf(rpc.Denied, "enough"))
		}))
		if out != "1\n" || err == nil || !strings.Contains(err.Error(), "enough") {
			t.Errorf("got %q, %v", out, err)
		}
	})
}

func TestAStreamEndsWithTheCommandOrItsStdout(t *testing.T) {
	for name, c := range map[string]func(stop func()) error{
		"Ctrl-C":        func(stop func()) error { stop(); return nil },
		"closed stdout": func(func()) error { return io.ErrClosedPipe },
	} {
		synctest.Test(t, func(t *testing.T) {
			ctx, cancel := context.WithCancel(t.Context())
			defer cancel()
			out := writerFunc(func(b []byte) (int, error) { return len(b), c(cancel) })
			ended := make(chan error, 1)
			_, err := carried(ctx, t, streams{out: out}, follow.Use(), follow.Handle(func(_ context.Context, _ string, send func(int64) error) error {
				for {
					if err := send(1); err != nil {
						ended <- err
						return err
					}
				}
			}))
			if err == nil || <-ended == nil {
				t.Errorf("%s: the stream ended in order", name)
			}
			if code := exitCode(err); name == "closed stdout" && code != exitHost {
				t.Errorf("%s: exit code %d, want %d: %v", name, code, exitHost, err)
			}
		})
	}
}
