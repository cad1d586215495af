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
	_, err = ask(t.Context(), script, time.Second)
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
