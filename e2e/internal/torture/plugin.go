//go:build linux

package main

import (
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"iter"
	"os"
	"os/exec"
	"os/signal"
	"path/filepath"
	"strings"
	"sync/atomic"
	"syscall"
	"time"

	"github.com/go-hotplug/hotplug/plugin"
	"github.com/go-hotplug/hotplug/rpc"
)

// The environment of a plugin.
const (
	recordsEnv = "TORTURE_RECORDS" // folder of what ran; by it a process of this program's is known
	modeEnv    = "TORTURE_MODE"    // how it is bad; empty: it is not
)

// The ways in which a version is bad.
const (
	crashesAtStart = "crashes at start"
	hangsAtStart   = "hangs at start"
	cannotStart    = "cannot start"
	crashesAtCall  = "crashes at its first call"
)

// A worker is the plugin.
type worker struct {
	records *os.File
	mode    string
	counted atomic.Int64
}

// serve is the life of a plugin.
func serve() {
	w := &worker{mode: os.Getenv(modeEnv)}
	switch w.mode {
	case crashesAtStart:
		os.Exit(3)
	case hangsAtStart:
		time.Sleep(time.Hour)
	}
	name := filepath.Join(os.Getenv(recordsEnv), fmt.Sprintf("%d-%d", os.Getpid(), time.Now().UnixNano()))
	f, err := os.OpenFile(name, os.O_CREATE|os.O_WRONLY|os.O_APPEND, 0o600)
	if err != nil {
		plugin.Exit(err)
	}
	w.records = f
	s := plugin.Server{Middleware: []rpc.Middleware{w.crash}, Start: w.start, Handlers: []rpc.Handler{
		double.Handle(func(_ context.Context, j job) (answer, error) { return answer{ID: j.ID, N: 2 * j.N}, nil }),
		add.Handle(func(_ context.Context, j job) (answer, error) { return answer{ID: j.ID, N: j.N + 1}, w.ran(j.ID) }),
		note.Handle(func(_ context.Context, j job) error { return w.ran(j.ID) }),
		tally.Handle(func(_ context.Context, j job) (answer, error) { return answer{ID: j.ID, N: w.counted.Add(j.N)}, nil }),
		count.Handle(counts), sum.Handle(sums), chat.Handle(chats),
		visit.Handle(func(ctx context.Context, j job) (answer, error) {
			return answer{ID: j.ID, N: j.N}, told.Send(ctx, rpc.Caller(ctx), j)
		}),
		do.Handle(func(ctx context.Context, j job) (answer, error) {
			text, err := misdeeds[j.What](ctx)
			return answer{ID: j.ID, Text: text}, err
		}),
	}}
	plugin.Exit(s.Run(context.Background()))
}

// ran writes a number down. What was written is there though the process is killed the next moment.
func (w *worker) ran(id uint64) error {
	_, err := w.records.Write(binary.BigEndian.AppendUint64(nil, id))
	return err
}

func (w *worker) start(context.Context) error {
	if w.mode == cannotStart {
		return errors.New("no disk")
	}
	return nil
}

// crash is the middleware that ends a bad version.
func (w *worker) crash(_ context.Context, m *rpc.Message, d rpc.Direction) (*rpc.Message, error) {
	if w.mode == crashesAtCall && d == rpc.Incoming && strings.HasPrefix(m.Type, "torture.") {
		os.Exit(9)
	}
	return nil, nil
}

func counts(_ context.Context, j job, send func(answer) error) error {
	for n := range j.N {
		if err := send(answer{ID: j.ID, N: n}); err != nil {
			return err
		}
	}
	return nil
}

func sums(_ context.Context, items iter.Seq2[job, error]) (a answer, err error) {
	for j, err := range items {
		if err != nil {
			return a, err
		}
		a.ID, a.N = j.ID, a.N+j.N
	}
	return a, nil
}

func chats(_ context.Context, items iter.Seq2[job, error], send func(answer) error) error {
	for j, err := range items {
		if err == nil {
			err = send(answer{ID: j.ID, N: 2 * j.N})
		}
		if err != nil {
			return err
		}
	}
	return nil
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
