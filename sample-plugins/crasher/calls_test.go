package main

import (
	"context"
	"errors"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/go-hotplug/hotplug/rpc"
	"github.com/go-hotplug/hotplug/rpc/rpctest"
	"github.com/go-hotplug/hotplug/sample-plugins/crasher/crasherapi"
)

func connect(t *testing.T, host ...rpc.Handler) rpc.Peer {
	t.Helper()
	p, _ := rpctest.Pair(t, host, handlers())
	return p
}

func TestPanicAnswersInternalAndTheNextCallWorks(t *testing.T) {
	p := connect(t)
	_, err := crasherapi.Panic.Call(t.Context(), p, crasherapi.PanicRequest{Text: "out of cheese"})
	if !errors.Is(err, rpc.Internal) || !strings.Contains(err.Error(), "out of cheese") {
		t.Errorf("panic: %v", err)
	}
	if _, err := crasherapi.Echo.Call(t.Context(), p, crasherapi.EchoRequest{}); err != nil {
		t.Errorf("after a panic: %v", err)
	}
}

func TestFailAnswersWithEveryCode(t *testing.T) {
	p := connect(t)
	for _, code := range []rpc.Code{rpc.Unknown, rpc.Invalid, rpc.NotFound, rpc.Unimplemented, rpc.Unavailable, rpc.Canceled, rpc.Timeout,
		rpc.Exhausted, rpc.Denied, rpc.Conflict, rpc.Moved, rpc.Protocol, rpc.Internal} {
		_, err := crasherapi.Fail.Call(t.Context(), p, crasherapi.FailRequest{Code: code, Message: "as asked"})
		if !errors.Is(err, code) || !strings.Contains(err.Error(), "as asked") {
			t.Errorf("fail with %s: %v", code, err)
		}
	}
}

func TestFailCarriesDetailsAndCauses(t *testing.T) {
	_, err := crasherapi.Fail.Call(t.Context(), connect(t), crasherapi.FailRequest{
		Code: rpc.Conflict, Message: "top", Causes: 3, Retryable: true, Details: map[string]string{"shelf": "4"},
	})
	var e *rpc.Error
	if !errors.As(err, &e) {
		t.Fatalf("fail: %v", err)
	}
	if !e.Retryable || e.Details["shelf"] != "4" {
		t.Errorf("retryable %v, details %v", e.Retryable, e.Details)
	}
	var texts []string
	for cause := e.Cause; cause != nil; cause = cause.Cause {
		texts = append(texts, cause.Message)
	}
	if want := []string{"cause 1", "cause 2", "cause 3"}; !slices.Equal(texts, want) {
		t.Errorf("causes %q, want %q", texts, want)
	}
}

func TestFailWithoutACodeIsUnknown(t *testing.T) {
	_, err := crasherapi.Fail.Call(t.Context(), connect(t), crasherapi.FailRequest{Message: "plain"})
	if !errors.Is(err, rpc.Unknown) || err.Error() != "plain" {
		t.Errorf("fail: %v", err)
	}
}

func TestEchoReturnsTheDataOrAsMuchAsAskedFor(t *testing.T) {
	p := connect(t)
	for _, size := range []int{0, 1, 1000, 1 << 20} {
		got, err := crasherapi.Echo.Call(t.Context(), p, crasherapi.EchoRequest{Size: size})
		if err != nil || len(got.Data) != size {
			t.Errorf("echo of %d bytes: %d, %v", size, len(got.Data), err)
		}
	}
	got, err := crasherapi.Echo.Call(t.Context(), p, crasherapi.EchoRequest{Data: []byte("cheese"), Size: 9})
	if err != nil || string(got.Data) != "cheese" {
		t.Errorf("echo of data: %q, %v", got.Data, err)
	}
	if _, err := crasherapi.Echo.Call(t.Context(), p, crasherapi.EchoRequest{Size: crasherapi.MaxEcho + 1}); !errors.Is(err, rpc.Invalid) {
		t.Errorf("echo over the limit: %v", err)
	}
}

func TestSleepGivesUpWithItsContextAndHangDoesNot(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		ended, end := context.WithCancel(t.Context())
		end()
		if _, err := sleep(ended, crasherapi.SleepRequest{ForMS: 60_000}); !errors.Is(err, context.Canceled) {
			t.Errorf("sleep: %v", err)
		}
		start := time.Now()
		if _, err := hang(ended, crasherapi.HangRequest{ForMS: 60_000}); err != nil {
			t.Errorf("hang: %v", err)
		}
		if took := time.Since(start); took != time.Minute {
			t.Errorf("hang took %s, want a minute", took)
		}
	})
}

func TestCallHostPassesOnWhatTheHostSays(t *testing.T) {
	greet := rpc.Method[map[string]any, map[string]any]("host.greet")
	p := connect(t, greet.Handle(func(_ context.Context, req map[string]any) (map[string]any, error) {
		return map[string]any{"text": "hello " + req["name"].(string)}, nil
	}))
	reply, err := crasherapi.CallHost.Call(t.Context(), p, crasherapi.CallHostRequest{Type: "host.greet", Payload: map[string]any{"name": "Ada"}})
	if err != nil || reply.Payload["text"] != "hello Ada" {
		t.Errorf("%v, %v", reply.Payload, err)
	}
	if _, err := crasherapi.CallHost.Call(t.Context(), p, crasherapi.CallHostRequest{Type: "host.nothing"}); !errors.Is(err, rpc.Unimplemented) {
		t.Errorf("a message that the host does not handle: %v", err)
	}
}

func TestNotesKeepTheirOrderAndSurviveAPanic(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		p := connect(t)
		for _, n := range []crasherapi.NoteEvent{{Text: "a", HoldMS: 50}, {Text: "b", Panic: true}, {Text: "c"}} {
			if err := crasherapi.Note.Send(t.Context(), p, n); err != nil {
				t.Fatal(err)
			}
		}
		time.Sleep(time.Second) // of fake time: until all are handled
		got, err := crasherapi.Notes.Call(t.Context(), p, struct{}{})
		if err != nil || !slices.Equal(got.Texts, []string{"a", "c"}) {
			t.Errorf("notes %q, %v; want a and c", got.Texts, err)
		}
	})
}
