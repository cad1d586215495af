// Host is an application with a plugins folder and nothing else. It says how long its host took to open, and does what it is told on stdin:
//
//	call      call every plugin once
//	hold N    have N calls to the first plugin in flight
//
// It answers each with a line, and ends with its stdin.
package main

import (
	"bufio"
	"context"
	"encoding/json"
	"fmt"
	"os"
	"sync"
	"time"

	"github.com/hashicorp/go-hclog"

	"github.com/go-hotplug/hotplug/bench/life/contract/echoapi"
	"github.com/go-hotplug/hotplug/host"
)

// opened is its first line.
type opened struct {
	Took    time.Duration // of host.Open
	PIDs    []int         // of the plugins, by name
	Failure string        // of a plugin that does not run
}

func main() {
	if len(os.Args) != 4 {
		fmt.Fprintln(os.Stderr, "usage: host PLUGINS STATE RUNTIME")
		os.Exit(64)
	}
	if err := run(context.Background(), os.Args[1], os.Args[2], os.Args[3]); err != nil {
		fmt.Fprintln(os.Stderr, "host:", err)
		os.Exit(1)
	}
}

func run(ctx context.Context, plugins, state, runtimeDir string) error {
	begin := time.Now()
	h, err := host.Open(ctx, host.Config{Name: "life", Dir: plugins, StateDir: state, RuntimeDir: runtimeDir, Logger: hclog.NewNullLogger()})
	if err != nil {
		return err
	}
	defer h.Close()
	o := opened{Took: time.Since(begin)}
	for _, p := range h.Plugins() {
		o.PIDs = append(o.PIDs, p.Status().PID)
	}
	for _, f := range h.Failed() {
		o.Failure = f.Err.Error()
	}
	if err := json.NewEncoder(os.Stdout).Encode(o); err != nil {
		return err
	}
	return obey(ctx, h)
}

func obey(ctx context.Context, h *host.Host) error {
	var held sync.WaitGroup
	first := h.Plugins()[0]
	in := bufio.NewScanner(os.Stdin)
	for in.Scan() {
		var n int
		var err error
		if _, scan := fmt.Sscanf(in.Text(), "hold %d", &n); scan == nil {
			hold(ctx, first, n, &held)
			defer held.Wait()
			defer echoapi.Release.Send(ctx, first, struct{}{})
		} else {
			err = callAll(ctx, h)
		}
		fmt.Println("done", err)
	}
	return in.Err()
}

func callAll(ctx context.Context, h *host.Host) error {
	for _, p := range h.Plugins() {
		if _, err := echoapi.Echo.Call(ctx, p, echoapi.Data{Bytes: make([]byte, 64)}); err != nil {
			return err
		}
	}
	return nil
}

// hold returns when as many calls are in flight.
func hold(ctx context.Context, p *host.Plugin, n int, held *sync.WaitGroup) {
	for range n {
		held.Go(func() { _, _ = echoapi.Hold.Call(ctx, p, echoapi.Data{Bytes: make([]byte, 64)}) })
	}
	for p.Status().Pending < n {
		time.Sleep(time.Millisecond)
	}
}
