package main

import (
	"bytes"
	"strings"
	"testing"
)

func TestCommandLineErrorsSayWhatIsExpected(t *testing.T) {
	for _, test := range []struct {
		args string
		want string
	}{
		{"", `"build", "serve" or "rehearse"`},
		{"show docs", `"build", "serve" or "rehearse"`},
		{"rehearse docs", "-other and -faulty"},
		{"build", "name a folder with Markdown"},
		{"build -jobs 0 docs", "at least one page"},
		{"build -nonsense docs", "not defined: -nonsense"},
	} {
		var stdout, stderr bytes.Buffer
		if code := run(t.Context(), strings.Fields(test.args), &stdout, &stderr); code != 2 || !strings.Contains(stderr.String(), test.want) {
			t.Errorf("site %s: exit code %d, %s", test.args, code, &stderr)
		}
	}
}

func TestHelpIsNoError(t *testing.T) {
	for _, args := range []string{"-h", "help", "build -h"} {
		var stdout, stderr bytes.Buffer
		if code := run(t.Context(), strings.Fields(args), &stdout, &stderr); code != 0 || !strings.Contains(stderr.String(), "-modcache") {
			t.Errorf("site %s: exit code %d, %s", args, code, &stderr)
		}
	}
}
