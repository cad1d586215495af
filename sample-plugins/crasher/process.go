package main

import (
	"context"
	"fmt"
	"os"
	"os/signal"
	"slices"
	"sync"
	"syscall"

	"github.com/go-hotplug/hotplug/rpc"
	"github.com/go-hotplug/hotplug/sample-plugins/crasher/crasherapi"
)

func exit(_ context.Context, req crasherapi.ExitRequest) (struct{}, error) {
	say(os.Stdout, req.Stdout)
	say(os.Stderr, req.Stderr)
	os.Exit(req.Code)
	return struct{}{}, nil
}

func say(to *os.File, text string) {
	if text != "" {
		fmt.Fprintln(to, text)
	}
}

func panicGoroutine(_ context.Context, req crasherapi.PanicRequest) (struct{}, error) {
	go panic(req.Text)
	select {}
}

func ignoreSignals(context.Context, struct{}) (struct{}, error) {
	ignoreAll()
	return struct{}{}, nil
}

// ignoreAll also ends what plugin.Serve had asked to be told of.
func ignoreAll() {
	signal.Ignore(syscall.SIGTERM, syscall.SIGINT, syscall.SIGHUP)
}

var (
	hoardMu sync.Mutex // guards hoard
	hoard   [][]byte   // what was allocated: it must stay in use
)

// maxAllocate keeps a mistyped number from being a crash of its own kind.
const maxAllocate = 1 << 40

func allocate(_ context.Context, req crasherapi.AllocateRequest) (struct{}, error) {
	if req.Bytes < 0 || req.Bytes > maxAllocate {
		return struct{}{}, rpc.Errorf(rpc.Invalid, "allocate %d bytes: 0 to %d are possible", req.Bytes, int64(maxAllocate))
	}
	const page = 4096
	memory := make([]byte, req.Bytes)
	for i := 0; i < len(memory); i += page {
		memory[i] = 1
	}
	hoardMu.Lock()
	hoard = append(hoard, memory)
	hoardMu.Unlock()
	return struct{}{}, nil
}

func describe(context.Context, struct{}) (crasherapi.Process, error) {
	p := crasherapi.Process{PID: os.Getpid(), Build: build, Args: os.Args[1:], Env: slices.Sorted(slices.Values(os.Environ()))}
	var err error
	if p.Path, err = os.Executable(); err != nil {
		return p, err
	}
	p.Dir, err = os.Getwd()
	return p, err
}
