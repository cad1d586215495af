package main

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net"
	"os"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"github.com/go-hotplug/hotplug/e2e/internal/oddityapi"
	"github.com/go-hotplug/hotplug/plugin"
	"github.com/go-hotplug/hotplug/rpc"
)

var (
	count  atomic.Int64
	config atomic.Value // of string
)

// reloads are handlers for tests of reloads.
func reloads() []rpc.Handler {
	return []rpc.Handler{
		oddityapi.Who.Handle(who),
		oddityapi.Add.Handle(add),
		oddityapi.Mark.Handle(mark),
		oddityapi.Grumble.Handle(grumble),
	}
}

func who(context.Context, struct{}) (oddityapi.Self, error) {
	breakIfBrittle()
	text, _ := config.Load().(string)
	return oddityapi.Self{Version: os.Getenv(oddityapi.EnvVersion), PID: os.Getpid(), Count: count.Load(), Config: text}, nil
}

func add(_ context.Context, n oddityapi.Number) (oddityapi.Number, error) {
	breakIfBrittle()
	return oddityapi.Number{N: count.Add(n.N)}, nil
}

func breakIfBrittle() {
	if os.Getenv(oddityapi.EnvMode) == oddityapi.ModeBrittle {
		fmt.Fprintln(os.Stderr, "it broke")
		os.Exit(3)
	}
}

func mark(ctx context.Context, l oddityapi.Line) error {
	if l.HoldMS > 0 {
		select {
		case <-time.After(time.Duration(l.HoldMS) * time.Millisecond):
		case <-ctx.Done():
			return context.Cause(ctx)
		}
	}
	f, err := os.OpenFile(os.Getenv(oddityapi.EnvMarks), os.O_APPEND|os.O_CREATE|os.O_WRONLY, 0o600)
	if err != nil {
		return err
	}
	_, err = f.WriteString(l.Text + "\n")
	return errors.Join(err, f.Close())
}

var grumbling sync.WaitGroup

func grumble(ctx context.Context, _ struct{}) (struct{}, error) {
	host := rpc.Caller(ctx)
	grumbling.Go(func() {
		for {
			ctx, cancel := context.WithTimeout(context.Background(), 50*time.Millisecond)
			_, err := oddityapi.Double.Call(ctx, host, oddityapi.Number{})
			cancel()
			if err != nil {
				fmt.Fprintln(os.Stderr, err)
			}
			if err != nil && strings.Contains(err.Error(), "is leaving") {
				return
			}
		}
	})
	return struct{}{}, nil
}

// keep gives a server the hooks that tests of reloads need.
func keep(s *plugin.Server, mode string) {
	s.Configure = configure
	s.Handlers = append(reloads(), s.Handlers...)
	switch mode {
	case oddityapi.ModeKeeps, oddityapi.ModeNoSnapshot, oddityapi.ModeNoRestore, oddityapi.ModePort, oddityapi.ModePortStuck, oddityapi.ModePortLost:
		s.Snapshot, s.Restore = snapshot, restore
	}
	refuses := func(why string) error { return rpc.Errorf(rpc.Internal, "%s", why) }
	switch mode {
	case oddityapi.ModeNoSnapshot:
		s.Snapshot = func(context.Context) (plugin.State, error) { return plugin.State{}, refuses("it remembers nothing") }
	case oddityapi.ModeNoRestore:
		s.Restore = func(context.Context, plugin.State) error { return refuses("it cannot read that") }
	case oddityapi.ModePort:
		s.Start, s.Release, s.Resume = ownPort, releasePort, ownPort
	case oddityapi.ModePortStuck:
		s.Start, s.Release, s.Resume = ownPort, func(context.Context) error { return refuses("the port is stuck") }, ownPort
	case oddityapi.ModePortLost:
		s.Start, s.Release, s.Resume = ownPort, releasePort, func(context.Context) error { return refuses("the port is taken") }
	case oddityapi.ModeSick:
		s.Health = func(context.Context) error { return refuses("it has a cold") }
	case oddityapi.ModePicky:
		s.Configure = func(context.Context, json.RawMessage) error { return refuses("not like that") }
	}
}

func configure(_ context.Context, text json.RawMessage) error {
	config.Store(string(text))
	return nil
}

func snapshot(context.Context) (plugin.State, error) {
	bulk, _ := strconv.Atoi(os.Getenv(oddityapi.EnvBulk)) // 0: none
	return plugin.State{Schema: "count", Data: append(strconv.AppendInt(nil, count.Load(), 10), bytes.Repeat([]byte(" "), bulk)...)}, nil
}

func restore(_ context.Context, s plugin.State) error {
	n, err := strconv.ParseInt(strings.TrimSpace(string(s.Data)), 10, 64)
	count.Store(n)
	return err
}

// port is what only one process can have. Hooks that change it never run beside one another.
var port net.Listener

func ownPort(context.Context) (err error) {
	port, err = net.Listen("tcp", os.Getenv(oddityapi.EnvPort))
	return err
}

func releasePort(context.Context) error { return port.Close() }
