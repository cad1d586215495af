package main

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"time"

	"github.com/go-hotplug/hotplug/rpc"
	"github.com/go-hotplug/hotplug/sample-plugins/crasher/crasherapi"
)

func panicNow(_ context.Context, req crasherapi.PanicRequest) (struct{}, error) {
	panic(req.Text)
}

func hang(_ context.Context, req crasherapi.HangRequest) (struct{}, error) {
	if !req.Spin {
		pause(req.ForMS)
		return struct{}{}, nil
	}
	end := time.Now().Add(time.Duration(req.ForMS) * time.Millisecond)
	for req.ForMS <= 0 || time.Now().Before(end) {
	}
	return struct{}{}, nil
}

func sleep(ctx context.Context, req crasherapi.SleepRequest) (struct{}, error) {
	select {
	case <-time.After(time.Duration(req.ForMS) * time.Millisecond):
		return struct{}{}, nil
	case <-ctx.Done():
		return struct{}{}, ctx.Err()
	}
}

func echo(_ context.Context, req crasherapi.EchoRequest) (crasherapi.EchoReply, error) {
	if req.Data != nil || req.Size <= 0 {
		return crasherapi.EchoReply{Data: req.Data}, nil
	}
	if req.Size > crasherapi.MaxEcho {
		return crasherapi.EchoReply{}, rpc.Errorf(rpc.Invalid, "echo %d bytes: at most %d are possible", req.Size, crasherapi.MaxEcho)
	}
	data := make([]byte, req.Size)
	for i := range data {
		data[i] = byte(i)
	}
	return crasherapi.EchoReply{Data: data}, nil
}

func fail(_ context.Context, req crasherapi.FailRequest) (struct{}, error) {
	var cause error
	for i := min(req.Causes, crasherapi.MaxCauses); i > 0; i-- {
		cause = &chained{text: fmt.Sprintf("cause %d", i), cause: cause}
	}
	if req.Code == "" {
		return struct{}{}, &chained{text: req.Message, cause: cause}
	}
	e := rpc.Errorf(req.Code, "%s", req.Message)
	if cause != nil {
		e = rpc.Errorf(req.Code, "%s: %w", req.Message, cause)
	}
	e.Retryable = req.Retryable
	for key, value := range req.Details {
		if e.Details == nil {
			e.Details = map[string]any{}
		}
		e.Details[key] = value
	}
	return struct{}{}, e
}

// chained is an error without a code.
type chained struct {
	text  string
	cause error
}

func (c *chained) Error() string { return c.text }
func (c *chained) Unwrap() error { return c.cause }

func callHost(ctx context.Context, req crasherapi.CallHostRequest) (crasherapi.CallHostReply, error) {
	message := rpc.Method[map[string]any, map[string]any](req.Type)
	payload, err := message.Call(ctx, rpc.Caller(ctx), req.Payload)
	return crasherapi.CallHostReply{Payload: payload}, err
}

// A notebook keeps notes.
type notebook struct {
	mu    sync.Mutex // guards texts
	texts []string
}

var errNote = errors.New("a note that was to panic")

func (b *notebook) note(ctx context.Context, n crasherapi.NoteEvent) error {
	if _, err := sleep(ctx, crasherapi.SleepRequest{ForMS: n.HoldMS}); err != nil {
		return err
	}
	if n.Panic {
		panic(errNote)
	}
	b.mu.Lock()
	defer b.mu.Unlock()
	b.texts = append(b.texts, n.Text)
	if over := len(b.texts) - crasherapi.MaxNotes; over > 0 {
		b.texts = append(b.texts[:0], b.texts[over:]...)
	}
	return nil
}

func (b *notebook) notes(context.Context, struct{}) (crasherapi.NotesReply, error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	return crasherapi.NotesReply{Texts: append([]string(nil), b.texts...)}, nil
}
