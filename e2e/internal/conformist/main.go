// Conformist is a plugin that handles all the messages with which hotplug conformance finds out more: docs/conformance.md says what they do.
package main

import (
	"context"
	"sync"
	"time"

	"github.com/go-hotplug/hotplug/plugin"
	"github.com/go-hotplug/hotplug/rpc"
)

const (
	echo  rpc.Query[any, any]           = "conformance.echo"
	sleep rpc.Query[duration, struct{}] = "conformance.sleep"
	fail  rpc.Query[failure, struct{}]  = "conformance.fail"
	note  rpc.Notice[text]              = "conformance.note"
	hold  rpc.Notice[duration]          = "conformance.hold"
	notes rpc.Query[struct{}, texts]    = "conformance.notes"
	call  rpc.Method[message, any]      = "conformance.call"
	tell  rpc.Method[message, struct{}] = "conformance.tell"
)

type (
	duration struct {
		MS int64 `json:"ms"`
	}
	failure struct {
		Code    rpc.Code `json:"code"`
		Message string   `json:"message"`
	}
	text struct {
		Text string `json:"text"`
	}
	texts struct {
		Texts []string `json:"texts"`
	}
	message struct {
		Type    string `json:"type"`
		Payload any    `json:"payload,omitempty"`
		Count   int64  `json:"count,omitempty"`
	}
	number struct {
		N int64 `json:"n"`
	}
)

func main() {
	n := &noted{}
	plugin.Serve(
		echo.Handle(func(_ context.Context, v any) (any, error) { return v, nil }),
		sleep.Handle(sleepFor),
		fail.Handle(func(_ context.Context, f failure) (struct{}, error) {
			return struct{}{}, rpc.Errorf(f.Code, "%s", f.Message)
		}),
		note.Handle(n.add),
		notes.Handle(n.list),
		hold.Handle(func(ctx context.Context, d duration) error {
			_, err := sleepFor(ctx, d)
			return err
		}),
		call.Handle(func(ctx context.Context, m message) (any, error) {
			return rpc.Method[any, any](m.Type).Call(ctx, rpc.Caller(ctx), m.Payload)
		}),
		tell.Handle(tellHost),
		count.Handle(countTo),
		sum.Handle(sumOf),
		upper.Handle(toUpper),
		steps.Handle(step),
	)
}

func sleepFor(ctx context.Context, d duration) (struct{}, error) {
	timer := time.NewTimer(time.Duration(d.MS) * time.Millisecond)
	defer timer.Stop()
	select {
	case <-timer.C:
		return struct{}{}, nil
	case <-ctx.Done():
		return struct{}{}, ctx.Err()
	}
}

func tellHost(ctx context.Context, m message) (struct{}, error) {
	for n := range m.Count {
		if err := rpc.Notice[number](m.Type).Send(ctx, rpc.Caller(ctx), number{n + 1}); err != nil {
			return struct{}{}, err
		}
	}
	return struct{}{}, nil
}

// noted is what was noted, in order.
type noted struct {
	mu    sync.Mutex // guards texts
	texts []string
}

func (n *noted) add(_ context.Context, t text) error {
	n.mu.Lock()
	defer n.mu.Unlock()
	n.texts = append(n.texts, t.Text)
	return nil
}

func (n *noted) list(context.Context, struct{}) (texts, error) {
	n.mu.Lock()
	defer n.mu.Unlock()
	return texts{append([]string(nil), n.texts...)}, nil
}
