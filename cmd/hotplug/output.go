package main

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"strings"
	"sync/atomic"
	"unicode"
	"unicode/utf8"

	"github.com/spf13/cobra"

	"github.com/go-hotplug/hotplug/rpc"
)

// streams are what the command reads and writes.
type streams struct {
	in                       io.Reader
	out, err                 io.Writer
	outTerminal, errTerminal bool
}

// An app is one run of the command: what its flags say, and where its output goes.
type app struct {
	streams
	json      bool
	noColor   bool
	answered  bool        // the one JSON document was printed
	following atomic.Bool // events are being printed
}

// colors reports whether a stream gets colours.
func (a *app) colors(terminal bool) bool {
	return terminal && !a.noColor && os.Getenv("NO_COLOR") == "" && os.Getenv("TERM") != "dumb"
}

// document prints a value as JSON.
func (a *app) document(v any) error {
	a.answered = true
	var b bytes.Buffer
	enc := json.NewEncoder(&b)
	enc.SetEscapeHTML(false)
	if a.outTerminal {
		enc.SetIndent("", "  ")
	}
	if err := enc.Encode(v); err != nil {
		return exitf(exitPlugin, "print the result as JSON: %w", err)
	}
	_, err := a.out.Write(tame(b.Bytes()))
	return written(err)
}

// tame is JSON that commands no terminal: encoding/json escapes control characters up to U+001F alone.
func tame(text []byte) []byte {
	commands := func(r rune) bool { return r >= 0x7f && unicode.IsControl(r) }
	if bytes.IndexFunc(text, commands) < 0 {
		return text
	}
	var out []byte
	for _, r := range string(text) {
		if commands(r) {
			out = fmt.Appendf(out, "\\u%04x", r)
			continue
		}
		out = utf8.AppendRune(out, r)
	}
	return out
}

// written is the error of stdout.
func written(err error) error {
	if err != nil {
		return exitf(exitHost, "write to stdout: %w", err)
	}
	return nil
}

// report says on stderr why a command failed, and on stdout too if JSON was asked for and none was printed.
func (a *app) report(c *cobra.Command, err error) {
	if err == nil {
		return
	}
	a.note("%v", err)
	e, ours := errors.AsType[*exitError](err)
	switch {
	case !ours:
		fmt.Fprintf(a.err, "run '%s --help' for what it takes\n", c.CommandPath())
	case e.hint != "":
		fmt.Fprintln(a.err, printable(e.hint))
	}
	if a.json && !a.answered {
		_ = a.document(map[string]any{"error": wholeError(err)})
	}
}

// note says something to the person at the terminal.
func (a *app) note(format string, args ...any) {
	text := "hotplug: " + printable(fmt.Sprintf(format, args...))
	if a.colors(a.errTerminal) {
		text = red + "hotplug:" + plain + strings.TrimPrefix(text, "hotplug:")
	}
	fmt.Fprintln(a.err, text)
}

// wholeError is an error as JSON: with all that a plugin said, if it is one's answer.
func wholeError(err error) any {
	if e, ok := errors.AsType[*rpc.Error](err); ok {
		return e
	}
	return map[string]string{"message": err.Error()}
}

// line prints a value as one line of JSON.
func (a *app) line(v any) error { return a.lineTo(a.out, v) }

func (a *app) lineTo(w io.Writer, v any) error {
	var b bytes.Buffer
	enc := json.NewEncoder(&b)
	enc.SetEscapeHTML(false)
	if err := enc.Encode(v); err != nil {
		return exitf(exitPlugin, "print as JSON: %w", err)
	}
	_, err := w.Write(tame(b.Bytes()))
	return written(err)
}
