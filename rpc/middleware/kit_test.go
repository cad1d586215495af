package middleware_test

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/go-hotplug/hotplug/codec"
	"github.com/go-hotplug/hotplug/rpc"
	"github.com/go-hotplug/hotplug/rpc/rpctest"
)

type login struct {
	User     string         `json:"user"`
	Password string         `json:"password"`
	PIN      int            `json:"pin"`
	Devices  []device       `json:"devices,omitempty"`
	More     map[string]any `json:"more,omitempty"`
}

type device struct {
	Name  string `json:"name"`
	Token []byte `json:"token"`
}

const (
	signIn rpc.Method[login, login]  = "door.signIn"
	knock  rpc.Query[string, string] = "door.knock"
	ring   rpc.Notice[login]         = "door.ring"
)

func repeat(_ context.Context, v login) (login, error)   { return v, nil }
func answer(_ context.Context, s string) (string, error) { return s, nil }

var serializers = []codec.Serializer{codec.MessagePackSerializer{}, codec.JsonSerializer{}}

// eachSerializer runs a test with each serializer of the package codec.
func eachSerializer(t *testing.T, f func(t *testing.T, s codec.Serializer)) {
	for _, s := range serializers {
		t.Run(s.Name(), func(t *testing.T) { f(t, s) })
	}
}

// pair connects a caller and a callee, each with its middleware.
func pair(t testing.TB, s codec.Serializer, caller, callee []rpc.Middleware, handlers ...rpc.Handler) *rpc.Conn {
	t.Helper()
	if len(handlers) == 0 {
		handlers = []rpc.Handler{signIn.Handle(repeat), knock.Handle(answer)}
	}
	a, _ := rpctest.PairWith(t, rpc.Options{Serializer: s, Middleware: caller, Side: rpc.FromHost},
		rpc.Options{Serializer: s, Middleware: callee, Side: rpc.FromPlugin, Handlers: rpc.NewMux(handlers...)})
	return a
}

func only(mw ...rpc.Middleware) []rpc.Middleware { return mw }

// A record is a Logger that keeps its lines.
type record struct {
	mu    sync.Mutex // guards lines
	lines []string
}

func (r *record) add(level, msg string, args []any) {
	r.mu.Lock()
	defer r.mu.Unlock()
	var b strings.Builder
	fmt.Fprintf(&b, "%s %s", level, msg)
	for i := 0; i+1 < len(args); i += 2 {
		fmt.Fprintf(&b, " %v=%v", args[i], args[i+1])
	}
	r.lines = append(r.lines, b.String())
}

func (r *record) Trace(msg string, args ...any) { r.add("trace", msg, args) }
func (r *record) Debug(msg string, args ...any) { r.add("debug", msg, args) }
func (r *record) Info(msg string, args ...any)  { r.add("info", msg, args) }
func (r *record) Warn(msg string, args ...any)  { r.add("warn", msg, args) }
func (r *record) Error(msg string, args ...any) { r.add("error", msg, args) }

// taken returns the lines so far, and forgets them.
func (r *record) taken() []string {
	r.mu.Lock()
	defer r.mu.Unlock()
	lines := r.lines
	r.lines = nil
	return lines
}

func same(t *testing.T, what string, got []string, want ...string) {
	t.Helper()
	if !slices.Equal(got, want) {
		t.Errorf("%s: got\n%s\nwant\n%s", what, strings.Join(got, "\n"), strings.Join(want, "\n"))
	}
}

// says checks the text, code and delivery of an error.
func says(t *testing.T, err error, code rpc.Code, delivered rpc.Delivery, text string) {
	t.Helper()
	if err == nil || err.Error() != text || rpc.CodeOf(err) != code || rpc.Delivered(err) != delivered {
		t.Errorf("got  %v (%s, delivered %s)\nwant %s (%s, delivered %s)", err, rpc.CodeOf(err), rpc.Delivered(err), text, code, delivered)
	}
}
