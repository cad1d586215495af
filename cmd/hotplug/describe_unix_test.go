//go:build unix

package main

import (
	"context"
	"strings"
	"testing"
	"time"
)

func TestDescribeGivesAProgramNothingButPathAndHome(t *testing.T) {
	t.Setenv("SECRET", "swordfish")
	t.Setenv("HOME", "/home/of/tests")
	s := newShelf(t)
	script := s.file("env", "#!/bin/sh\nprintf '{\"hotplug\":[1],\"handles\":[],\"build\":\"%s %s %s\"}' \"$HOTPLUG_DESCRIBE\" \"$HOME\" \"$SECRET\"\n", 0o755)
	if got := command(t, "describe", script).exits(t, exitOK); !strings.Contains(got.out, "build\t1 /home/of/tests\n") {
		t.Errorf("got %s", got)
	}
}

func TestDescribeEndsWhatDoesNotEnd(t *testing.T) {
	s := newShelf(t)
	script := s.file("slow", "#!/bin/sh\necho thinking >&2\nsleep 1000 & wait\n", 0o755)
	start := time.Now()
	_, err := ask(t.Context(), script, 300*time.Millisecond)
	if err == nil || exitCode(err) != exitPlugin || !strings.Contains(err.Error(), "it did not end within 300ms") {
		t.Errorf("got %v", err)
	}
	if d := time.Since(start); d > 5*time.Second {
		t.Errorf("it took %s", d)
	}
}

func TestDescribeStopsReadingAtTheLimit(t *testing.T) {
	s := newShelf(t)
	script := s.file("flood", "#!/bin/sh\nexec yes\n", 0o755)
	command(t, "describe", script).exits(t, exitPlugin).complains(t, "it printed more than 4 MiB")
}

func TestDescribeSaysHowAProgramEnded(t *testing.T) {
	s := newShelf(t)
	script := s.file("broken", "#!/bin/sh\necho out of cheese >&2\nexit 3\n", 0o755)
	command(t, "describe", script).exits(t, exitPlugin).complains(t, "it ended with exit status 3", "its stderr: \"out of cheese\"")
}

func TestDescribeBelievesAPluginWhoseChildLivesOn(t *testing.T) {
	s := newShelf(t)
	script := s.file("parent", "#!/bin/sh\nsleep 3 &\necho '{\"hotplug\":[1],\"handles\":[]}'\n", 0o755)
	got := command(t, "describe", script).exits(t, exitOK)
	if !strings.Contains(got.out, "protocol\t1\n") || !strings.Contains(got.err, "it handles no message") {
		t.Errorf("got %s", got)
	}
}

func TestAnInterruptedDescribeExits130(t *testing.T) {
	s := newShelf(t)
	script := s.file("slow", "#!/bin/sh\nexec sleep 1000\n", 0o755)
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	within(ctx, streams{}, "describe", script).exits(t, exitInterrupted).complains(t, "interrupted")
}
