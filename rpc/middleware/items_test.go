package middleware_test

import (
	"context"
	"errors"
	"iter"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/go-hotplug/hotplug/codec"
	"github.com/go-hotplug/hotplug/rpc"
	"github.com/go-hotplug/hotplug/rpc/middleware"
)

const (
	visits rpc.Stream[int, login]  = "door.visits" // n times the same login, a second apart
	enter  rpc.Upload[string, int] = "door.enter"  // how many came
)

func visitors() []rpc.Handler {
	return []rpc.Handler{
		visits.Handle(func(_ context.Context, n int, send func(login) error) error {
			for range n {
				time.Sleep(time.Second)
				if err := send(login{User: "ada", Password: "secret"}); err != nil {
					return err
				}
			}
			return nil
		}),
		enter.Handle(func(_ context.Context, items iter.Seq2[string, error]) (n int, err error) {
			for _, err := range items {
				if err != nil {
					return n, err
				}
				n++
			}
			return n, nil
		}),
	}
}

// all reads a stream to its end.
func all(p rpc.Peer, n int) (logins []login, err error) {
	for l, err := range visits.Open(context.Background(), p, n) {
		if err != nil {
			return logins, err
		}
		logins = append(logins, l)
	}
	return logins, nil
}

func TestTimingIsDoneOnceForAStreamWhateverItsItems(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var caller, callee times
		p := pair(t, codec.MessagePackSerializer{}, only(caller.mw()), only(callee.mw()), visitors()...)
		if got, err := all(p, 3); len(got) != 3 || err != nil {
			t.Fatal(got, err)
		}
		synctest.Wait()
		if got, want := caller.taken(), []string{"door.visits outgoing 3s ok"}; !slices.Equal(got, want) {
			t.Errorf("caller: %q", got)
		}
		if got, want := callee.taken(), []string{"door.visits incoming 3s ok"}; !slices.Equal(got, want) {
			t.Errorf("callee: %q", got)
		}
	})
}

func TestPayloadLimitRefusesOneItemAndItsSendAlone(t *testing.T) {
	p := pair(t, codec.MessagePackSerializer{}, only(middleware.PayloadLimit(20, nil)), nil, visitors()...)
	_, err := enter.Call(t.Context(), p, rpc.Items(slices.Values([]string{"short", strings.Repeat("x", 100)})))
	if !errors.Is(err, rpc.Exhausted) || !strings.Contains(err.Error(), "door.enter: an item of 102 bytes is over the limit of 20 bytes") {
		t.Errorf("%v", err)
	}
	if n, err := enter.Call(t.Context(), p, rpc.Items(slices.Values([]string{"short", "brief"}))); n != 2 || err != nil {
		t.Errorf("%d, %v", n, err)
	}
}

func TestRedactionTakesFieldsOutOfItems(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		p := pair(t, codec.JsonSerializer{}, only(middleware.Redact("password").Travelling(rpc.Incoming)), nil, visitors()...)
		got, err := all(p, 2)
		if want := []login{{User: "ada"}, {User: "ada"}}; err != nil || len(got) != 2 || got[0].User != want[0].User || got[1].Password != "" {
			t.Errorf("%+v, %v", got, err)
		}
	})
}

func TestItemsBeginNoTraceOfTheirOwn(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		headers := map[bool]int{}
		count := func(_ context.Context, m *rpc.Message, _ rpc.Direction) (*rpc.Message, error) {
			headers[m.Item] += len(m.Headers)
			return nil, nil
		}
		p := pair(t, codec.MessagePackSerializer{}, only(middleware.TraceContext(), count), nil, visitors()...)
		if _, err := all(p, 3); err != nil {
			t.Fatal(err)
		}
		if headers[true] != 0 || headers[false] != 1 {
			t.Errorf("headers of items: %d, of the request and the end: %d", headers[true], headers[false])
		}
	})
}
