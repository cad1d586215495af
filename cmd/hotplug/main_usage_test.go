package main

import (
	"os"
	"strconv"
	"strings"
	"testing"
)

func TestAWrongCommandLineIsOneSentenceAndExits2(t *testing.T) {
	for line, want := range map[string]string{
		"lst":                 `hotplug: no command "lst": did you mean list?` + "\nrun 'hotplug --help' for what it takes\n",
		"resize":              `hotplug: no command "resize": there are call, completion, conformance, describe, disable, enable, events, init, list, lock, logs, new, reload, run, status, validate, version, why` + "\nrun 'hotplug --help' for what it takes\n",
		"list":                "hotplug: list: found 0 arguments, want at least 1: hotplug list DIR... [flags]\nrun 'hotplug list --help' for what it takes\n",
		"version x":           "hotplug: version: found 1 argument, want at most 0: hotplug version [flags]\nrun 'hotplug version --help' for what it takes\n",
		"list --jsn x":        "hotplug: list: no flag \"--jsn\": did you mean --json?\nrun 'hotplug list --help' for what it takes\n",
		"call a b c d e":      "hotplug: call: found 5 arguments, want at most 4: hotplug call DIR PLUGIN MESSAGE [JSON] [flags]\nrun 'hotplug call --help' for what it takes\n",
		"lock":                "hotplug: lock: found 0 arguments, want at least 1: hotplug lock DIR... [flags]\nrun 'hotplug lock --help' for what it takes\n",
		"lock --chek a":       "hotplug: lock: no flag \"--chek\": did you mean --check?\nrun 'hotplug lock --help' for what it takes\n",
		"call --timeout x a":  "hotplug: call: --timeout: found \"x\", want a duration such as 5s\nrun 'hotplug call --help' for what it takes\n",
		"call --timeout":      "hotplug: call: --timeout: found nothing behind it, want a value: how long the answer, or all items, may take (default: timeouts.call of the plugin; for items no limit)\nrun 'hotplug call --help' for what it takes\n",
		"list -x a":           "hotplug: list: no flag \"-x\": there are --all, --help, --host-version, --json, --name, --no-color\nrun 'hotplug list --help' for what it takes\n",
		"list --json=x a":     "hotplug: list: --json: found \"x\", want true or false\nrun 'hotplug list --help' for what it takes\n",
		"list --=x":           "hotplug: list: found \"--=x\", want a flag such as --json, or -- before arguments that begin with a dash\nrun 'hotplug list --help' for what it takes\n",
		"help lst":            "hotplug: no command \"lst\": did you mean list?\nrun 'hotplug help --help' for what it takes\n",
		"help list x":         "hotplug: no command \"x\": list has none\nrun 'hotplug help --help' for what it takes\n",
		"completion x":        "hotplug: no command \"x\": there are bash, fish, powershell, zsh\nrun 'hotplug completion --help' for what it takes\n",
		"completion bash x":   "hotplug: completion bash: found 1 argument, want at most 0: hotplug completion bash\nrun 'hotplug completion bash --help' for what it takes\n",
		"validate --json a b": "hotplug: validate: found 2 arguments, want at most 1: hotplug validate DIR|FILE [flags]\nrun 'hotplug validate --help' for what it takes\n",
	} {
		got := command(t, strings.Fields(line)...).exits(t, exitUsage)
		if got.err != want {
			t.Errorf("%s: got %q, want %q", line, got.err, want)
		}
	}
}

func TestWithJSONAnErrorIsADocumentToo(t *testing.T) {
	dir := t.TempDir() + "/absent"
	for _, args := range [][]string{
		{"list", dir}, {"list"}, {"validate", dir}, {"describe", dir}, {"call", dir, "a", "b"}, {"run", dir}, {"version", "x"},
		{"why", dir, "a"}, {"lock", dir}, {"lock", "--check", t.TempDir()}, {"init", dir}, {"new", "A"},
	} {
		got := command(t, append(args, "--json")...)
		if got.code == exitOK {
			t.Errorf("%v: want an error, got %s", args, got)
		}
		doc := decoded[struct{ Error struct{ Message string } }](t, got)
		if doc.Error.Message == "" || !strings.HasPrefix(got.err, "hotplug: "+doc.Error.Message) {
			t.Errorf("%v: got %s", args, got)
		}
	}
}

func TestHelpGoesToStdoutAndNamesEveryCommand(t *testing.T) {
	got := command(t).exits(t, exitOK)
	for _, name := range []string{"run", "list", "validate", "describe", "call", "version", "why", "lock", "init", "new", "status", "logs", "events", "reload", "enable", "disable", "Exit codes: 0 "} {
		if !strings.Contains(got.out, name) {
			t.Errorf("help lacks %q: %s", name, got)
		}
	}
	if again := command(t, "--help"); again.out != got.out || again.err != "" {
		t.Errorf("--help differs from no argument: %s", again)
	}
}

func TestVersionSaysWhatTheCommandWasBuiltFrom(t *testing.T) {
	a := &app{}
	var out strings.Builder
	a.out = &out
	if err := a.version(build{Version: "v1.2.3", Revision: "abc", Go: "go1.26", Platform: "linux/amd64"}); err != nil {
		t.Fatal(err)
	}
	if want := "hotplug\tv1.2.3\nrevision\tabc\ngo\tgo1.26\nplatform\tlinux/amd64\n"; out.String() != want {
		t.Errorf("got %q, want %q", out.String(), want)
	}
	if b := decoded[build](t, command(t, "version", "--json").exits(t, exitOK)); b.Version == "" || b.Go == "" {
		t.Errorf("got %+v", b)
	}
}

func TestDocReadmeAndHelpNameEveryExitCode(t *testing.T) {
	doc, err := os.ReadFile("doc.go")
	if err != nil {
		t.Fatal(err)
	}
	readme, err := os.ReadFile("README.md")
	if err != nil {
		t.Fatal(err)
	}
	for _, code := range []int{exitOK, exitPlugin, exitUsage, exitHost, exitUnavailable, exitAnswer, exitInterrupted} {
		if !strings.Contains(string(doc), "//\t"+strconv.Itoa(code)+" ") {
			t.Errorf("doc.go lacks exit code %d", code)
		}
		if !strings.Contains(string(readme), "\n| "+strconv.Itoa(code)+" |") {
			t.Errorf("README.md lacks exit code %d", code)
		}
		if !strings.Contains(" "+strings.ReplaceAll(exitHelp, "\n", " "), " "+strconv.Itoa(code)+" ") {
			t.Errorf("the help lacks exit code %d", code)
		}
	}
}
