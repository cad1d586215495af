package rpc_test

import (
	"context"
	"encoding/binary"
	"errors"
	"runtime"
	"strings"
	"testing"

	"github.com/go-hotplug/hotplug/codec"
	"github.com/go-hotplug/hotplug/internal/mp"
	"github.com/go-hotplug/hotplug/internal/wire"
	"github.com/go-hotplug/hotplug/rpc"
	"github.com/go-hotplug/hotplug/rpc/rpctest"
)

const (
	narrow rpc.Method[int8, int8]       = "test.narrow"
	sum    rpc.Method[[]int64, int]     = "test.sum"
	echo   rpc.Method[string, string]   = "test.echo"
	any1   rpc.Method[any, any]         = "test.any"
	wide   rpc.Method[int64, string]    = "test.narrow"
	fails  rpc.Method[struct{}, string] = "test.fails"
)

func self[T any](_ context.Context, v T) (T, error) { return v, nil }

func takers() rpc.Options {
	return handling(greet.Handle(hello), narrow.Handle(self[int8]), echo.Handle(self[string]), any1.Handle(self[any]),
		sum.Handle(func(_ context.Context, v []int64) (int, error) { return len(v), nil }))
}

// packedRequest is a MessagePack request whose payload is these bytes.
func packedRequest(method string, payload string) []byte {
	b := mp.AppendUint(mp.AppendUint(mp.AppendArrayHeader(nil, 5), 1), 1)
	b = append(mp.AppendNil(mp.AppendString(b, method)), payload...)
	return append(binary.BigEndian.AppendUint32(nil, uint32(len(b))), b...)
}

func TestAPayloadOfAnotherShapeIsInvalidAndStartsNothing(t *testing.T) {
	for name, c := range map[string]struct{ method, payload string }{
		"2^25 elements claimed":         {string(sum), "\xdd\x02\x00\x00\x00"},
		"2^25 elements claimed for any": {string(any1), "\xdd\x02\x00\x00\x00"},
		"2^31 pairs claimed":            {string(any1), "\xdf\x80\x00\x00\x00"},
		"2^32-1 bytes of text claimed":  {string(echo), "\xdb\xff\xff\xff\xff"},
		"nested 1,000 deep":             {string(any1), strings.Repeat("\x91", 1000) + "\xc0"},
		"nested in an unknown field":    {string(greet), "\x81\xa1x" + strings.Repeat("\x91", 1000) + "\xc0"},
		"2^40 for an int8":              {string(narrow), "\xcf\x00\x00\x01\x00\x00\x00\x00\x00"},
		"text for a number":             {string(narrow), "\xa17"},
		"a list for an object":          {string(greet), "\x91\x07"},
		"a name twice":                  {string(greet), "\x82\xa3age\x01\xa3age\x02"},
		"two values":                    {string(narrow), "\x01\x02"},
		"the reserved byte":             {string(any1), "\xc1"},
	} {
		t.Run(name, func(t *testing.T) {
			r := rawPeer(t, takers())
			var before, after runtime.MemStats
			runtime.ReadMemStats(&before)
			r.write(packedRequest(c.method, c.payload))
			e := r.nextError()
			runtime.ReadMemStats(&after)
			if e.Code != rpc.Invalid || !e.NotStarted || !strings.HasPrefix(e.Message, c.method+": payload: ") || e.Origin != rpc.FromPlugin {
				t.Errorf("got %+v", e)
			}
			if n := after.TotalAlloc - before.TotalAlloc; n > 4<<20 {
				t.Errorf("refusing it took %d bytes", n)
			}
			r.alive()
		})
	}
}

func TestAJSONPayloadOfAnotherShapeIsInvalidAndStartsNothing(t *testing.T) {
	for name, line := range map[string]string{
		"2^40 for an int8":  `{"tx":1,"kind":"request","type":"test.narrow","payload":1099511627776}`,
		"text for a number": `{"tx":1,"kind":"request","type":"test.narrow","payload":"7"}`,
		"nested 1,000 deep": `{"tx":1,"kind":"request","type":"greeter.greet","payload":` + strings.Repeat("[", 1000) + strings.Repeat("]", 1000) + `}`,
	} {
		opt := takers()
		opt.Serializer = codec.JsonSerializer{}
		r := rawPeer(t, opt)
		r.write([]byte(line + "\n"))
		if e := r.nextError(); e.Code != rpc.Invalid || !e.NotStarted {
			t.Errorf("%s: got %+v", name, e)
		}
		r.alive()
	}
}

func TestAReplyOfAnotherShapeIsInvalidAndPerhapsDelivered(t *testing.T) {
	a, _ := rpctest.PairWith(t, rpc.Options{PeerHandles: []rpc.Use{}}, takers())
	a2, _ := rpctest.PairWith(t, rpc.Options{PeerHandles: rpc.UsesOf([]wire.Message{{Name: string(wide)}})}, takers())
	if _, err := wide.Call(t.Context(), a, 1); !errors.Is(err, rpc.Unimplemented) || rpc.Delivered(err) != rpc.NotDelivered {
		t.Errorf("a peer that states that it handles nothing: %v", err)
	}
	_, err := wide.Call(t.Context(), a2, 1)
	if !errors.Is(err, rpc.Invalid) || rpc.Delivered(err) != rpc.PerhapsDelivered || !strings.HasPrefix(err.Error(), "test.narrow: reply: ") {
		t.Errorf("got %v", err)
	}
}

func TestTextsArriveAsTheyWereSent(t *testing.T) {
	for _, s := range []codec.Serializer{codec.MessagePackSerializer{}, codec.JsonSerializer{}} {
		opt := takers()
		opt.Serializer = s
		a, _ := rpctest.PairWith(t, rpc.Options{Serializer: s}, opt)
		for name, text := range map[string]string{
			"empty": "", "10 MiB": strings.Repeat("0123456789abcdef", 10<<20/16), "not ASCII": "Grüße, 世界 🎉\u2028", "control": "\x00\n\r\x1f\"\\", "HTML": "<a&b>",
		} {
			if got, err := echo.Call(t.Context(), a, text); err != nil || got != text {
				t.Errorf("%s: %s: got %.40q, %v", s.Name(), name, got, err)
			}
		}
		got, err := echo.Call(t.Context(), a, "a\xffb")
		if s.Name() == "MessagePackSerializer" && (err != nil || got != "a\xffb") {
			t.Errorf("bytes that are not UTF-8: got %q, %v", got, err)
		}
		if s.Name() == "JsonSerializer" && (!errors.Is(err, rpc.Invalid) || rpc.Delivered(err) != rpc.NotDelivered) {
			t.Errorf("JSON took bytes that are not UTF-8: got %q, %v", got, err)
		}
	}
}

func TestAMessageOverTheFrameLimitFailsAloneAndIsNotDelivered(t *testing.T) {
	for _, s := range []codec.Serializer{codec.MessagePackSerializer{}, codec.JsonSerializer{}} {
		opt := takers()
		opt.Serializer, opt.MaxFrame = s, 1000
		a, _ := rpctest.PairWith(t, rpc.Options{Serializer: s, MaxFrame: 1000, Handlers: rpc.NewMux()}, opt)
		_, err := echo.Call(t.Context(), a, strings.Repeat("x", 1001))
		if !errors.Is(err, rpc.Invalid) || rpc.Delivered(err) != rpc.NotDelivered || !strings.Contains(err.Error(), "encode test.echo: frame of ") {
			t.Errorf("%s: got %v", s.Name(), err)
		}
		if n := a.Stats().Pending; n != 0 {
			t.Errorf("%s: %d calls are pending", s.Name(), n)
		}
		if got, err := echo.Call(t.Context(), a, "x"); got != "x" || err != nil {
			t.Errorf("%s: the next call: %v", s.Name(), err)
		}
	}
}
