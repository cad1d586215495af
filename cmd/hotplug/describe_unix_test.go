//go:build unix

package main

import (
	"context"
	"io"
	"os"
	"path/filepath"
	"strings"
	"syscall"
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

func TestDescribeEndsWhatDoesNotEndAndItsChildren(t *testing.T) {
	s := newShelf(t)
	script := s.file("slow", "#!/bin/sh\nexec 3>alive\nsleep 1000 & wait\n", 0o755)
	fifo := filepath.Join(s.dir, "alive")
	if err := syscall.Mkfifo(fifo, 0o600); err != nil {
		t.Fatal(err)
	}
	alive, err := os.OpenFile(fifo, os.O_RDONLY|syscall.O_NONBLOCK, 0)
	if err != nil {
		t.Fatal(err)
	}
	defer alive.Close()
	_, err = ask(t.Context(), "describe", script, time.Second)
	if err == nil || exitCode(err) != exitPlugin || !strings.Contains(err.Error(), "it did not end within 1s") {
		t.Errorf("got %v", err)
	}
	if err := alive.SetReadDeadline(time.Now().Add(10 * time.Second)); err != nil {
		t.Fatal(err)
	}
	if _, err := alive.Read(make([]byte, 1)); err != io.EOF { // the end of the file comes with the last process that holds it
		t.Errorf("a child lives on: %v", err)
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

// What validate says of a plugin's entry, describe says of the same file, and runs nothing to find out.
func TestDescribeSaysOfWhatCannotStartWhatValidateSays(t *testing.T) {
	s := newShelf(t)
	for name, c := range map[string]struct {
		content string
		mode    os.FileMode
		want    string
	}{
		"modeless":      {"#!/bin/sh\ntouch ran\n", 0o644, "entry modeless is not executable (mode 0644)"},
		"uninterpreted": {"#!/no/such/interpreter\n", 0o755, "entry uninterpreted is a script for the interpreter /no/such/interpreter, which does not exist here"},
		"foreign":       {"MZ" + strings.Repeat("\x00", 100), 0o755, "entry foreign is built for windows/unknown, this host is "},
		"empty":         {"", 0o755, "entry empty is empty"},
	} {
		program := s.file(name+"/"+name, c.content, c.mode)
		s.file(name+"/plugin.json", manifestText(name, "1.0.0", name), 0o644)
		if got := command(t, "validate", filepath.Join(s.dir, name)).exits(t, exitPlugin); !strings.Contains(got.out, c.want) {
			t.Errorf("validate: want %q, got %s", c.want, got)
		}
		for _, args := range [][]string{{"describe", program}, {"describe", "--launch", program}, {"describe", filepath.Dir(program)}, {"conformance", program}, {"init", "--force", program}} {
			command(t, args...).exits(t, exitPlugin).complains(t, "hotplug: "+args[0], ": "+c.want)
		}
	}
}

func TestDescribeSaysThatTheSystemDidNotStartAProgram(t *testing.T) {
	s := newShelf(t)
	noise := s.file("noise", "\x01\x02\x03 no kind of program", 0o755)
	got := command(t, "describe", noise).exits(t, exitPlugin)
	got.complains(t, "describe "+noise+": it did not start: exec format error\n", "entry noise is neither a known kind of binary nor a script")
	if strings.Contains(got.err, "it ended") {
		t.Errorf("it never ran: %s", got)
	}
}
