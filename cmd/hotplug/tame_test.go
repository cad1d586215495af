package main

import (
	"encoding/json"
	"strings"
	"testing"
	"unicode"
)

// commands is a string that would clear the screen, go back, and begin a sequence with one character.
const commands = "\x1b[2J\r\b\u009b2J\x7f"

// obeyed is what of a session would command a terminal.
func (s session) obeyed() string {
	return strings.Map(func(r rune) rune {
		if unicode.IsControl(r) && r != '\n' && r != '\t' {
			return r
		}
		return -1
	}, s.out+s.err)
}

func TestWhatAPluginSaysDoesNotCommandTheTerminal(t *testing.T) {
	s := newShelf(t)
	s.file("evil/plugin.json", manifestText("evil\x1b[2J", "1.0.0", "evil"), 0o644)
	s.sample("crasher", `"env": {"allow": ["CRASHER_START", "CRASHER_STDERR", "CRASHER_CODE"]}`)
	fail := fail(t)
	for _, args := range [][]string{
		{"list", s.dir}, {"validate", s.dir}, {"why", s.dir, "evil"}, {"describe", s.dir},
		{"call", "--log-level", "info", s.dir, "crasher", "crasher.flood", `{"stream": "both", "flavour": "escapes", "bytes": 4096}`},
		{"call", "--log-level", "info", s.dir, "crasher", "crasher.fail", fail},
		{"call", "--json", s.dir, "crasher", "crasher.fail", fail},
		{"call", "--json", s.dir, "crasher", "crasher.exit", `{"code": 3, "stderr": ` + quoted(t, commands) + `}`},
		{"call", s.dir, "crasher", "crasher.exit", `{"code": 3, "stderr": ` + quoted(t, commands) + `}`},
	} {
		got := atTerminal(t, append(args, "--no-color")...)
		if bad := got.obeyed(); bad != "" {
			t.Errorf("%v: %q of the plugin reached the terminal: %q", args, bad, got)
		}
		if got.out+got.err == "" {
			t.Errorf("%v: nothing was said, so nothing was tested", args)
		}
	}
}

func TestWhatAPluginSaysToAHostDoesNotCommandTheTerminal(t *testing.T) {
	s := newShelf(t).sample("crasher", `"env": {"allow": ["CRASHER_START", "CRASHER_STDERR", "CRASHER_CODE"]}`)
	t.Setenv("CRASHER_START", "exit")
	t.Setenv("CRASHER_CODE", "4")
	t.Setenv("CRASHER_STDERR", "out of cheese"+commands)
	for _, flags := range [][]string{{"--no-color"}, {"--json"}} {
		h := hostFolder(t, streams{outTerminal: true, errTerminal: true}, append(flags, "--no-color", "--log-level", "info", s.dir)...)
		said := h.line()
		rest, _ := h.end()
		got := session{out: said + strings.Join(rest, "\n"), err: h.err.String()}
		if bad := got.obeyed(); bad != "" || !strings.Contains(got.out+got.err, "out of cheese") {
			t.Errorf("%v: %q of the plugin reached the terminal: %q", flags, bad, got)
		}
	}
}

func TestTameJSONSaysTheSame(t *testing.T) {
	for _, text := range []string{"plain", "é \u009b\x7f\u0085 \U0001F600", commands} {
		var back string
		out := tame([]byte(quoted(t, text)))
		if err := json.Unmarshal(out, &back); err != nil || back != text || strings.ContainsFunc(string(out), unicode.IsControl) {
			t.Errorf("%q became %s: %q, %v", text, out, back, err)
		}
	}
	if got := printable("a\x1b[31m\u009bb\tc\n"); got != `a\x1b[31m\u009bb`+"\tc\n" {
		t.Errorf("got %q", got)
	}
}

// fail asks the crasher for an error that commands.
func fail(t *testing.T) string {
	return `{"code": "Denied", "message": ` + quoted(t, "no "+commands) + `, "causes": 1, "details": {"x": ` + quoted(t, commands) + `}}`
}

func quoted(t *testing.T, text string) string {
	t.Helper()
	out, err := json.Marshal(text)
	if err != nil {
		t.Fatal(err)
	}
	return string(out)
}
