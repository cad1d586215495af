package main

import (
	"context"
	"encoding/binary"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"sync/atomic"
	"time"

	"github.com/go-hotplug/hotplug/plugin"
	"github.com/go-hotplug/hotplug/rpc"
)

// The environment of a plugin.
const (
	recordsEnv = "SOAK_RECORDS" // folder of what ran
	modeEnv    = "SOAK_MODE"    // how it misbehaves; empty: not at all
	versionEnv = "SOAK_VERSION"
)

// The ways in which a version is bad.
const (
	crashesAtStart = "crashes at start"
	crashesAtCall  = "crashes at its first call"
	crashesLater   = "crashes later"
	isSick         = "is sick"
	dropsMessage   = "drops a message"
	hangsAtStart   = "hangs at start"
	cannotStart    = "cannot start"
	notAProgram    = "is not a program"
)

// badModes are what befalls the plugin bad, one after the other, and tornModes what befalls torn.
var (
	badModes  = []string{crashesAtCall, crashesAtStart, dropsMessage, crashesAtCall, notAProgram, hangsAtStart, cannotStart}
	tornModes = []string{crashesLater, isSick, crashesLater, crashesAtCall, isSick}
)

// last is how many messages a version runs that crashes later.
const last = 50

// The sorts of a record.
const (
	ranAdd  = 1
	ranTell = 2
)

// records is a file of what one process has run. What was written is there though the process is killed the next moment.
type records struct{ f *os.File }

// openRecords makes the file of this process. Its name ends in the mode.
func openRecords(dir, mode string) (records, error) {
	name := fmt.Sprintf("%d-%d-%s", os.Getpid(), time.Now().UnixNano(), mode)
	f, err := os.OpenFile(filepath.Join(dir, name), os.O_CREATE|os.O_WRONLY|os.O_APPEND, 0o600)
	return records{f}, err
}

func (r records) ran(sort byte, id uint64) error {
	_, err := r.f.Write(binary.BigEndian.AppendUint64([]byte{sort}, id))
	return err
}

// A worker is the plugin.
type worker struct {
	records  records
	version  string
	mode     string
	config   atomic.Int64
	messages atomic.Int64
	count    atomic.Uint64
	released atomic.Bool // it has given up what only one process can have
}

// serve is the life of a plugin.
func serve(name string) {
	w := &worker{version: os.Getenv(versionEnv), mode: os.Getenv(modeEnv)}
	switch w.mode {
	case crashesAtStart:
		os.Exit(3)
	case hangsAtStart:
		time.Sleep(time.Hour)
	}
	var err error
	if w.records, err = openRecords(os.Getenv(recordsEnv), w.mode); err != nil {
		plugin.Exit(err)
	}
	s := plugin.Server{Handlers: []rpc.Handler{ask.Handle(w.ask), list.Handle(w.list), tell.Handle(w.tell)}, Middleware: []rpc.Middleware{w.crash}}
	s.Start, s.Configure, s.Health = w.start, w.configure, w.health
	s.Release = func(context.Context) error { w.released.Store(true); return nil }
	s.Resume = func(context.Context) error { w.released.Store(false); return nil }
	if w.mode != dropsMessage {
		s.Handlers = append(s.Handlers, add.Handle(w.add))
	}
	if keeps(name) {
		s.Snapshot, s.Restore = w.snapshot, w.restore
	}
	plugin.Exit(s.Run(context.Background()))
}

// crash is the middleware that ends a bad version.
func (w *worker) crash(_ context.Context, m *rpc.Message, d rpc.Direction) (*rpc.Message, error) {
	if d == rpc.Incoming && strings.HasPrefix(m.Type, "soak.") {
		if n := w.messages.Add(1); w.mode == crashesAtCall || w.mode == crashesLater && n > last {
			os.Exit(9)
		}
	}
	return nil, nil
}

func (w *worker) start(context.Context) error {
	if w.mode == cannotStart {
		return errors.New("no disk")
	}
	return nil
}

func (w *worker) health(context.Context) error {
	if w.mode == isSick {
		return errors.New("not well")
	}
	return nil
}

// settings are the configuration.
type settings struct {
	N int64 `json:"n"`
}

func (w *worker) configure(_ context.Context, config json.RawMessage) error {
	var s settings
	err := json.Unmarshal(config, &s)
	w.config.Store(s.N)
	return err
}

func (w *worker) add(_ context.Context, j job) (answer, error) {
	if w.released.Load() {
		return answer{}, errors.New("it was called between Release and Resume")
	}
	err := w.records.ran(ranAdd, j.ID)
	return w.answer(j, w.count.Add(1)), err
}

func (w *worker) ask(_ context.Context, j job) (answer, error) {
	return w.answer(j, w.count.Load()), nil
}

func (w *worker) answer(j job, count uint64) answer {
	return answer{ID: j.ID, Version: w.version, Config: w.config.Load(), Count: count}
}

func (w *worker) list(_ context.Context, j job, send func(answer) error) error {
	for i := range j.Items {
		if err := send(answer{ID: j.ID, Count: uint64(i)}); err != nil {
			return err
		}
	}
	return nil
}

func (w *worker) tell(_ context.Context, j job) error { return w.records.ran(ranTell, j.ID) }

func (w *worker) snapshot(context.Context) (plugin.State, error) {
	return plugin.State{Schema: "count", Data: binary.BigEndian.AppendUint64(nil, w.count.Load())}, nil
}

func (w *worker) restore(_ context.Context, s plugin.State) error {
	if len(s.Data) != 8 {
		return errors.New("the state is not a count")
	}
	w.count.Store(binary.BigEndian.Uint64(s.Data))
	return nil
}
