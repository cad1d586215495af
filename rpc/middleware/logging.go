package middleware

import (
	"context"
	"time"

	"github.com/go-hotplug/hotplug/rpc"
)

// A Logger takes lines with keys and values; hclog.Logger is one. If it has the methods IsDebug and the like too, as hclog.Logger has, they are asked
// before a line is put together.
type Logger interface {
	Trace(msg string, args ...any)
	Debug(msg string, args ...any)
	Info(msg string, args ...any)
	Warn(msg string, args ...any)
	Error(msg string, args ...any)
}

// A Level says how loud a line is.
type Level string

const (
	AtTrace Level = "trace"
	AtDebug Level = "debug"
	AtInfo  Level = "info"
	AtWarn  Level = "warn"
	AtError Level = "error"
)

// LogOptions configure Logging. The zero value works.
type LogOptions struct {
	Level      Level // of requests, notices and results; empty: AtDebug
	ErrorLevel Level // of errors; empty: AtWarn

	Payloads bool      // log payloads, and the texts of errors; each payload is decoded for it, an outgoing one encoded first
	Redact   Redaction // what logged payloads do not show; what travels is not changed
}

// Logging logs one line for each message that passes, in either direction: "request", "result", "error", "notice" or "item", with the fields message,
// kind (where it is known), direction, took on what ends a call (from its begin at this end), and code on errors. Where a call or a notice
// ends with an error and no reply has passed (a deadline, a lost connection, a handler of a notice), one more line says "call failed" or
// "notice failed".
//
// Payloads, and the texts of errors, which may quote them, are in no line unless LogOptions.Payloads asks for them. It panics on a Level that does not
// exist.
func Logging(to Logger, o LogOptions) rpc.Middleware {
	l := &logging{o: o, fine: lineAt(to, o.Level, AtDebug), failed: lineAt(to, o.ErrorLevel, AtWarn)}
	return func(_ context.Context, m *rpc.Message, d rpc.Direction) (*rpc.Message, error) {
		if !m.Reply && !m.Item && l.failed.on() {
			l.watch(m, d)
		}
		w := l.fine
		if m.Err != nil {
			w = l.failed
		}
		if w.on() {
			w.write(what(m), l.fields(m, d)...)
		}
		return nil, nil
	}
}

type logging struct {
	o            LogOptions
	fine, failed line
}

// fields are what a line says of a message.
func (l *logging) fields(m *rpc.Message, d rpc.Direction) []any {
	args := append(make([]any, 0, 12), "message", m.Type)
	if m.Kind != "" { // of a request that nobody handles
		args = append(args, "kind", string(m.Kind))
	}
	args = append(args, "direction", string(d))
	if m.Reply {
		args = append(args, "took", time.Since(m.Call.Start))
	}
	if m.Err != nil {
		args = append(args, "code", string(m.Err.Code))
	}
	if !l.o.Payloads {
		return args
	}
	if m.Err != nil {
		return append(args, "error", m.Err.Message)
	}
	v, err := m.Generic()
	if err != nil {
		return append(args, "payload", "unreadable: "+err.Error())
	}
	return append(args, "payload", l.o.Redact.View(v))
}

// watch logs the end of a call that ends without a reply.
func (l *logging) watch(m *rpc.Message, d rpc.Direction) {
	message, kind, call := m.Type, m.Kind, m.Call
	call.OnEnd(func(err error) {
		if err == nil || call.Replied {
			return
		}
		name := "call failed"
		if kind == rpc.KindNotice {
			name = "notice failed"
		}
		args := []any{"message", message, "kind", string(kind), "direction", string(d), "took", time.Since(call.Start), "code", string(rpc.CodeOf(err))}
		if l.o.Payloads {
			args = append(args, "error", err.Error())
		}
		l.failed.write(name, args...)
	})
}
