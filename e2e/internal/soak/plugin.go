package main

import (
	"context"
	"encoding/binary"
	"encoding/json"
	"errors"
	"os"
	"path/filepath"
	"strconv"
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
	dropsMessage   = "drops a message"
	hangsAtStart   = "hangs at start"
	cannotStart    = "cannot start"
)

var badModes = []string{crashesAtCall, crashesAtStart, crashesAtCall, dropsMessage, crashesAtCall, hangsAtStart, cannotStart}

// The sorts of a record.
const (
	ranAdd  = 1
	ranTell = 2
)

// records is a file of what one process has run. What was written is there though the process is killed the next moment.
type records struct{ f *os.File }

func openRecords(dir string) (records, error) {
	f, err := os.OpenFile(filepath.Join(dir, strconv.Itoa(os.Getpid())+"-"+strconv.FormatInt(time.Now().UnixNano(), 36)), os.O_CREATE|os.O_WRONLY|os.O_APPEND, 0o600)
	return records{f}, err
}

func (r records) ran(sort byte, id uint64) error {
	_, err := r.f.Write(binary.BigEndian.AppendUint64([]byte{sort}, id))
	return err
}

// A worker is the plugin.
type worker struct {
	records records
	version string
	count   atomic.Uint64
	keeps   bool // hands its count over
}

// serve is the life of a plugin.
func serve(keeps bool) {
	mode := os.Getenv(modeEnv)
	switch mode {
	case crashesAtStart:
		os.Exit(3)
	case hangsAtStart:
		time.Sleep(time.Hour)
	}
	r, err := openRecords(os.Getenv(recordsEnv))
	if err != nil {
		plugin.Exit(err)
	}
	w := &worker{records: r, version: os.Getenv(versionEnv), keeps: keeps}
	s := plugin.Server{Handlers: []rpc.Handler{ask.Handle(w.ask), list.Handle(w.list), tell.Handle(w.tell)}}
	if mode != dropsMessage {
		s.Handlers = append(s.Handlers, add.Handle(w.add))
	}
	if mode == crashesAtCall {
		s.Middleware = []rpc.Middleware{func(_ context.Context, m *rpc.Message, d rpc.Direction) (*rpc.Message, error) {
			if d == rpc.Incoming && strings.HasPrefix(m.Type, "soak.") {
				os.Exit(9)
			}
			return nil, nil
		}}
	}
	if mode == cannotStart {
		s.Start = func(context.Context) error { return errors.New("no disk") }
	}
	s.Configure = func(context.Context, json.RawMessage) error { return nil }
	if keeps {
		s.Snapshot, s.Restore = w.snapshot, w.restore
	}
	plugin.Exit(s.Run(context.Background()))
}

func (w *worker) add(_ context.Context, j job) (answer, error) {
	err := w.records.ran(ranAdd, j.ID)
	return answer{ID: j.ID, Version: w.version, Count: w.count.Add(1)}, err
}

func (w *worker) ask(_ context.Context, j job) (answer, error) {
	return answer{ID: j.ID, Version: w.version, Count: w.count.Load()}, nil
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
