//go:build linux

package main

import (
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"os/signal"
	"path/filepath"
	"strings"
	"syscall"
	"time"

	"github.com/go-hotplug/hotplug/plugin"
	"github.com/go-hotplug/hotplug/rpc"
)

// The environment of a plugin.
const (
	recordsEnv = "TORTURE_RECORDS" // folder of what ran; by it a process of this program's is known
	modeEnv    = "TORTURE_MODE"    // bad: it crashes at start
)

const crashesAtStart = "crashes at start"

// serve is the life of a plugin.
func serve() {
	if os.Getenv(modeEnv) == crashesAtStart {
		os.Exit(3)
	}
	name := filepath.Join(os.Getenv(recordsEnv), fmt.Sprintf("%d-%d", os.Getpid(), time.Now().UnixNano()))
	f, err := os.OpenFile(name, os.O_CREATE|os.O_WRONLY|os.O_APPEND, 0o600)
	if err != nil {
		plugin.Exit(err)
	}
	ran := func(id uint64) error {
		_, err := f.Write(binary.BigEndian.AppendUint64(nil, id))
		return err
	}
	s := plugin.Server{Handlers: []rpc.Handler{
		double.Handle(func(_ context.Context, j job) (answer, error) { return answer{ID: j.ID, N: 2 * j.N}, nil }),
		add.Handle(func(_ context.Context, j job) (answer, error) { return answer{ID: j.ID, N: j.N + 1}, ran(j.ID) }),
		note.Handle(func(context.Context, job) error { return nil }),
		count.Handle(func(_ context.Context, j job, send func(answer) error) error {
			for n := range j.N {
				if err := send(answer{ID: j.ID, N: n}); err != nil {
					return err
				}
			}
			return nil
		}),
		do.Handle(func(ctx context.Context, j job) (answer, error) {
			text, err := misdeeds[j.What](ctx)
			return answer{ID: j.ID, Text: text}, err
		}),
	}}
	plugin.Exit(s.Run(context.Background()))
}

// misdeeds are what a plugin should not do, by the name of the fault. Each returns what a host's checker wants to know.
var misdeeds = map[string]func(context.Context) (string, error){
	"forks a child that outlives it": func(context.Context) (string, error) {
		c := exec.Command("sleep", "600")
		c.Stdout, c.Stderr = os.Stdout, os.Stderr
		return "", c.Start()
	},
	"floods stderr": func(context.Context) (string, error) {
		line := []byte(strings.Repeat("x", 1000) + "\n")
		for range 20_000 {
			if _, err := os.Stderr.Write(line); err != nil { // it may have been closed before
				break
			}
		}
		return "", nil
	},
	"prints binary": func(context.Context) (string, error) {
		for i := range 1 << 16 {
			if _, err := os.Stdout.Write([]byte{byte(i), byte(i >> 8), 0x1b, 0xff}); err != nil {
				break
			}
		}
		return "", nil
	},
	"takes all memory": func(context.Context) (string, error) {
		var all [][]byte
		for range 1 << 10 { // a GiB
			b := make([]byte, 1<<20)
			for i := 0; i < len(b); i += 4096 {
				b[i] = 1
			}
			all = append(all, b)
		}
		return fmt.Sprint(len(all)), nil
	},
	"opens all descriptors": func(context.Context) (string, error) {
		var all []*os.File
		defer func() {
			for _, f := range all {
				f.Close()
			}
		}()
		for {
			f, err := os.Open("/dev/null")
			switch {
			case errors.Is(err, syscall.EMFILE):
				return "limited", nil
			case err != nil:
				return "", err
			case len(all) > 4096:
				return "not limited", nil
			}
			all = append(all, f)
		}
	},
	"closes its stderr":     func(context.Context) (string, error) { _ = syscall.Close(2); return "", nil }, // it may be closed
	"changes its directory": func(context.Context) (string, error) { return "", os.Chdir("/") },
	"ignores SIGTERM": func(context.Context) (string, error) {
		signal.Ignore(syscall.SIGTERM)
		return "", nil
	},
	"calls what is not granted": func(ctx context.Context) (string, error) {
		_, err := secret.Call(ctx, rpc.Caller(ctx), job{})
		return string(rpc.CodeOf(err)), nil
	},
	"panics": func(context.Context) (string, error) { panic("on purpose") },
}
