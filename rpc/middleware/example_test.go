package middleware_test

import (
	"context"
	"fmt"
	"testing"
	"time"

	"github.com/go-hotplug/hotplug/rpc"
	"github.com/go-hotplug/hotplug/rpc/middleware"
	"github.com/go-hotplug/hotplug/rpc/rpctest"
)

// printer is a logger for examples: it prints without the durations, which vary.
type printer struct{}

func (printer) print(level, msg string, args ...any) {
	fmt.Print(level, " ", msg)
	for i := 0; i+1 < len(args); i += 2 {
		if args[i] != "took" {
			fmt.Printf(" %v=%v", args[i], args[i+1])
		}
	}
	fmt.Println()
}

func (p printer) Trace(msg string, args ...any) { p.print("TRACE", msg, args...) }
func (p printer) Debug(msg string, args ...any) { p.print("DEBUG", msg, args...) }
func (p printer) Info(msg string, args ...any)  { p.print("INFO", msg, args...) }
func (p printer) Warn(msg string, args ...any)  { p.print("WARN", msg, args...) }
func (p printer) Error(msg string, args ...any) { p.print("ERROR", msg, args...) }

type account struct {
	Name     string `json:"name"`
	Password string `json:"password"`
}

const check rpc.Method[account, bool] = "accounts.check"

// connect is a caller with middleware and a callee without, in memory.
func connect(mw ...rpc.Middleware) (caller *rpc.Conn, done func()) {
	t := new(exampleTB)
	caller, _ = rpctest.PairWith(t, rpc.Options{Middleware: mw}, rpc.Options{Handlers: rpc.NewMux(check.Handle(func(_ context.Context, a account) (bool, error) {
		if a.Name == "" {
			return false, rpc.Errorf(rpc.Invalid, "an account without a name")
		}
		return a.Password == "swordfish", nil
	}))})
	return caller, t.end
}

// exampleTB lets an example use rpctest.
type exampleTB struct {
	testing.TB
	cleanups []func()
}

func (*exampleTB) Helper()            {}
func (t *exampleTB) Cleanup(f func()) { t.cleanups = append(t.cleanups, f) }
func (t *exampleTB) end() {
	for _, f := range t.cleanups {
		f()
	}
}

func ExampleLogging() {
	p, done := connect(middleware.Logging(printer{}, middleware.LogOptions{Payloads: true, Redact: middleware.Redact("password")}))
	defer done()
	fmt.Println(check.Call(context.Background(), p, account{"ada", "swordfish"}))
	_, _ = check.Call(context.Background(), p, account{})
	// Output:
	// DEBUG request message=accounts.check kind=method direction=outgoing payload=map[name:ada password:[redacted]]
	// DEBUG result message=accounts.check kind=method direction=incoming payload=true
	// true <nil>
	// DEBUG request message=accounts.check kind=method direction=outgoing payload=map[name: password:[redacted]]
	// WARN error message=accounts.check kind=method direction=incoming code=Invalid error=an account without a name
}

func ExampleTiming() {
	p, done := connect(middleware.Timing(func(message string, d rpc.Direction, took time.Duration, err error) {
		fmt.Println(message, d, took > 0, err)
	}))
	defer done()
	_, _ = check.Call(context.Background(), p, account{"ada", "swordfish"})
	// Output: accounts.check outgoing true <nil>
}

func ExamplePayloadLimit() {
	p, done := connect(middleware.PayloadLimit(20, map[string]int{"accounts.import": 1 << 20}))
	defer done()
	_, err := check.Call(context.Background(), p, account{"ada", "swordfish"})
	fmt.Println(err)
	fmt.Println(rpc.CodeOf(err), rpc.Delivered(err))
	// Output:
	// middleware (outgoing): accounts.check: a request of 29 bytes is over the limit of 20 bytes: send less at once, or raise the limit of middleware.PayloadLimit
	// Exhausted no
}

func ExampleRedaction_Travelling() {
	p, done := connect(middleware.Redact("password").Travelling(rpc.Outgoing))
	defer done()
	fmt.Println(check.Call(context.Background(), p, account{"ada", "swordfish"})) // the other end never sees it
	// Output: false <nil>
}

func ExampleTraceContext() {
	p, done := connect(middleware.TraceContext(), func(_ context.Context, m *rpc.Message, _ rpc.Direction) (*rpc.Message, error) {
		if !m.Reply {
			fmt.Println(m.Headers[middleware.Traceparent][:36] + "...")
		}
		return nil, nil
	})
	defer done()
	t, err := middleware.ParseTraceparent("00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01") // of an HTTP request, say
	if err != nil {
		fmt.Println(err)
		return
	}
	fmt.Println(check.Call(middleware.WithTrace(context.Background(), t), p, account{"ada", "swordfish"}))
	// Output:
	// 00-4bf92f3577b34da6a3ce929d0e0e4736-...
	// true <nil>
}
