package main

import (
	"bytes"
	"errors"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/go-hotplug/hotplug/plugin"
	"github.com/go-hotplug/hotplug/sample-plugins/crasher/crasherapi"
)

// envMain makes the test's own binary the plugin.
const envMain = "CRASHER_TEST_MAIN"

func TestMain(m *testing.M) {
	if os.Getenv(envMain) == "1" {
		main()
		return
	}
	os.Exit(m.Run())
}

// start runs the plugin without a host, and returns its exit code and stderr.
func start(t *testing.T, env ...string) (int, string) {
	t.Helper()
	cmd := exec.CommandContext(t.Context(), os.Args[0])
	cmd.Env = append(os.Environ(), append(env, envMain+"=1")...)
	var stderr bytes.Buffer
	cmd.Stderr = &stderr
	err := cmd.Run()
	var exit *exec.ExitError
	if err != nil && !errors.As(err, &exit) {
		t.Fatal(err)
	}
	return cmd.ProcessState.ExitCode(), stderr.String()
}

func TestStartDoesWhatTheEnvironmentAsksFor(t *testing.T) {
	tests := map[string]struct {
		env    []string
		code   int
		stderr string
	}{
		"nothing":     {nil, plugin.ExitUsage, "is a plugin"},
		"exit":        {[]string{"CRASHER_START=exit", "CRASHER_CODE=7", "CRASHER_STDERR=out of cheese"}, 7, "out of cheese\n"},
		"exit 0":      {[]string{"CRASHER_START=exit", "CRASHER_CODE=0"}, 0, ""},
		"plain exit":  {[]string{"CRASHER_START=exit"}, 1, ""},
		"panic":       {[]string{"CRASHER_START=panic"}, 2, "panic: asked to panic at start"},
		"delay":       {[]string{"CRASHER_START=delay", "CRASHER_FOR_MS=1"}, plugin.ExitUsage, "is a plugin"},
		"typo":        {[]string{"CRASHER_START=exti"}, exitUsage, `CRASHER_START: found "exti", want one of ["exit" "panic"`},
		"bad number":  {[]string{"CRASHER_START=exit", "CRASHER_CODE=x"}, exitUsage, `CRASHER_CODE: found "x", want a number`},
		"no listener": {[]string{"CRASHER_START=mute"}, exitSoftware, "HOTPLUG_STARTUP is not fd:N"},
		"grandchild":  {[]string{envGrandchild + "=1", "CRASHER_START=exit"}, 0, ""},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			if code, stderr := start(t, test.env...); code != test.code || !strings.Contains(stderr, test.stderr) {
				t.Errorf("exit code %d, stderr %q; want %d and %q", code, stderr, test.code, test.stderr)
			}
		})
	}
}

func TestStartMisbehavesOnlyAsManyTimesAsAsked(t *testing.T) {
	counter := filepath.Join(t.TempDir(), "starts")
	for i, want := range []int{9, 9, plugin.ExitUsage, plugin.ExitUsage} {
		code, stderr := start(t, "CRASHER_START=exit", "CRASHER_CODE=9", "CRASHER_TIMES=2", "CRASHER_COUNTER="+counter)
		if code != want {
			t.Errorf("start %d: exit code %d, want %d; stderr %q", i+1, code, want, stderr)
		}
	}
}

func TestEveryStartIsKnown(t *testing.T) {
	before := 6 // those that need no connection
	if len(crasherapi.Starts) != before+len(talks) {
		t.Errorf("%d starts, want %d and %d talks", len(crasherapi.Starts), before, len(talks))
	}
	for _, s := range crasherapi.Starts[before:] {
		if talks[s] == nil {
			t.Errorf("start %q says nothing", s)
		}
	}
}
