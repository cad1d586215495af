//go:build linux

package e2e_test

import (
	"context"
	"errors"
	"os"
	"path/filepath"
	"testing"

	"github.com/go-hotplug/hotplug/codec"
	"github.com/go-hotplug/hotplug/host"
	"github.com/go-hotplug/hotplug/internal/proc"
	"github.com/go-hotplug/hotplug/internal/store"
	"github.com/go-hotplug/hotplug/internal/wire"
	"github.com/go-hotplug/hotplug/manifest"
	"github.com/go-hotplug/hotplug/plugin"
	"github.com/go-hotplug/hotplug/registry"
	"github.com/go-hotplug/hotplug/rpc"
	"github.com/go-hotplug/hotplug/rpc/rpctest"
)

func TestErrorsBeginAsThePageSays(t *testing.T) {
	c := openChapter(t, "What stands before others")
	for _, err := range []error{
		second(open(t, func(config *host.Config) { config.RuntimeDir = someFile(t, t.TempDir()) })),
		second(proc.OS.Start(proc.Spec{Path: "/no/such/program"})),
		second(registry.Scan(t.Context(), registry.Options{Path: []string{t.TempDir()}, Pins: map[string]string{"a": "latest"}})),
		second(store.Open(filepath.Join(someFile(t, t.TempDir()), "below"))),
		second(store.Open(someFile(t, t.TempDir()))),
		badCopy(t),
		second(store.Sum(t.Context(), store.Tree{Root: t.TempDir(), Entry: "run"})),
		wrappedOf(manifest.Load("/no/such/file")),
		plugin.Server{Manifest: []byte("[]")}.Run(t.Context()),
		codec.MessagePackSerializer{}.Unmarshal(packed(300), new(int8)),
		second(codec.MessagePackSerializer{}.Marshal([]uintptr{1})),
		ask(t, t.Context(), badHandlers["panics"], rpc.Options{Middleware: []rpc.Middleware{refuse}}),
	} {
		c.meets(err)
	}
	c.fits("field", codec.MessagePackSerializer{}.Unmarshal(packed(map[string]int{"n": 300}), new(tinyNumber)))
	c.fits("map key", codec.MessagePackSerializer{}.Unmarshal(packed(map[int]int{300: 1}), new(map[int8]int)))
	c.payloads(t)
	c.attempts(t)
	c.plugin(t)
	c.meets(badSweep(t))
	c.meets(badSave(t))
	w, _ := workerBegin{binary: "counter", env: []string{wire.StartupEnv + "=fd:x"}}.start(t)
	c.ends(w, 65)
	c.asWritten(shortage, "start PATH: make its pipes")
	c.asWritten(byLuck, "note the use")
	c.asWritten(wrapper, "connect to PATH", "disconnect NAME", "reconnect NAME")
}

// second is the error of a call that returns two things.
func second[T any](_ T, err error) error { return err }

func refuse(context.Context, *rpc.Message, rpc.Direction) (*rpc.Message, error) {
	return nil, errors.New("no")
}

// badSweep is the error of a store whose folder is gone.
func badSweep(t *testing.T) error {
	t.Helper()
	dir := t.TempDir()
	s, err := store.Open(dir)
	mustDo(t, err)
	mustDo(t, os.RemoveAll(dir))
	return second(s.Sweep(func(string) bool { return false }, 0, -1))
}

// badSave is the error of a store whose folder is gone before what it knows is saved.
func badSave(t *testing.T) error {
	t.Helper()
	dir := t.TempDir()
	s, err := store.Open(dir)
	mustDo(t, err)
	mustDo(t, second(s.Put(t.Context(), store.Tree{Root: filepath.Dir(someFile(t, t.TempDir()))})))
	mustDo(t, os.RemoveAll(dir))
	return s.Save()
}

func badCopy(t *testing.T) error {
	t.Helper()
	s, err := store.Open(t.TempDir())
	mustDo(t, err)
	return second(s.Put(t.Context(), store.Tree{Root: t.TempDir(), Entry: "run"}))
}

// payloads are errors of values at each step of a call.
func (c *chapter) payloads(t *testing.T) {
	t.Helper()
	const echo rpc.Method[any, any] = "echo"
	a, _ := rpctest.Pair(t, nil, []rpc.Handler{
		echo.Handle(func(context.Context, any) (any, error) { return make(chan int), nil }),
		doubled.Handle(func(_ context.Context, n number) (number, error) { return n, nil }),
	})
	invoke := func(name string, payload, reply any) error {
		return a.Invoke(t.Context(), &rpc.Message{Kind: rpc.KindMethod, Type: name, Payload: payload}, reply)
	}
	c.meets(invoke("echo", make(chan int), new(any)))
	c.meets(invoke(string(doubled), "text", new(number)))
	c.meets(invoke(string(doubled), number{}, new(int)))
	c.meets(invoke("echo", 1, new(any)))
}

// attempts are errors of messages that were tried more than once.
func (c *chapter) attempts(t *testing.T) {
	t.Helper()
	crash := doubled.Handle(func(ctx context.Context, n number) (number, error) { return n, rpc.Caller(ctx).(*rpc.Conn).Close() })
	for _, most := range []int{2, 3} { // WithRetry allows for two: there is nobody for the second, or there always is somebody
		left := most
		r := rpc.NewRetrier(func(_ context.Context, message string, _ rpc.Peer) (rpc.Peer, error) {
			if left--; left < 0 {
				return nil, rpc.NotSent(rpc.Unavailable, "%s: no host is connected", message)
			}
			a, _ := rpctest.Pair(t, nil, []rpc.Handler{crash})
			return a, nil
		}, 0)
		c.meets(second(doubled.Call(rpc.WithRetry(t.Context(), 2), r, number{})))
	}
}

// plugin are the errors of a host's plugins.
func (c *chapter) plugin(t *testing.T) {
	t.Helper()
	s := newSite(t)
	s.crasher("wrong-answer", nil)
	s.oddity("no-start", nil)
	dir := s.install("copied", "oddity", nil)
	mustDo(t, os.Symlink("/bin/sh", filepath.Join(dir, "sh")))
	h := s.open()
	for _, f := range h.Failed() {
		c.meets(f.Err)
	}
	c.meets(h.Plugin("crasher").Ready(t.Context()))
	c.meets(second(h.Require(t.Context(), "counter", "never!")))
	c.meets(second(rpc.Method[delta, total]("counter.add").Call(endedBefore(t), h.Plugin("counter"), delta{})))
}

// endedBefore is a context in which nothing is sent.
func endedBefore(t *testing.T) context.Context {
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	return ctx
}
