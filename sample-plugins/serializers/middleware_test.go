package serializers

import (
	"context"
	"errors"
	"math"
	"strings"
	"testing"

	"github.com/go-hotplug/hotplug/codec"
	"github.com/go-hotplug/hotplug/rpc"
	"github.com/go-hotplug/hotplug/rpc/middleware"
	"github.com/go-hotplug/hotplug/rpc/rpctest"
	"github.com/go-hotplug/hotplug/sample-plugins/serializers/cbor"
	"github.com/go-hotplug/hotplug/sample-plugins/serializers/gzipped"
	"github.com/go-hotplug/hotplug/sample-plugins/serializers/verbose"
)

type note struct {
	Text   string `json:"text"`
	Secret []byte `json:"secret"`
	Large  uint64 `json:"large"`
	Small  int64  `json:"small"`
}

const keep rpc.Method[note, note] = "serializers.keep"

func TestMiddlewareWorksWithASerializerOfAProgramsOwn(t *testing.T) {
	for _, s := range []codec.Serializer{cbor.Serializer{}, gzipped.Serializer{}, verbose.Serializer{}} {
		for _, end := range []string{"caller", "callee"} {
			t.Run(s.Name()+"/"+end, func(t *testing.T) {
				mw := []rpc.Middleware{middleware.TraceContext(), middleware.Redact("secret").Travelling(), middleware.PayloadLimit(1000, nil)}
				caller, callee := rpc.Options{Serializer: s, Middleware: mw}, rpc.Options{Serializer: s, Handlers: rpc.NewMux(keep.Handle(
					func(ctx context.Context, n note) (note, error) {
						if _, ok := middleware.TraceFrom(ctx); !ok || n.Secret != nil {
							return n, rpc.Errorf(rpc.Conflict, "trace: %t, secret: %q", ok, n.Secret)
						}
						n.Secret = []byte("another")
						return n, nil
					}))}
				if end == "callee" {
					caller.Middleware, callee.Middleware = nil, mw
				}
				a, _ := rpctest.PairWith(t, caller, callee)
				want := note{Text: "\n\n", Secret: []byte("secret"), Large: math.MaxUint64, Small: math.MinInt64}
				got, err := keep.Call(t.Context(), a, want)
				if err != nil || got.Secret != nil || got.Text != want.Text || got.Large != want.Large || got.Small != want.Small {
					t.Errorf("got %+v, %v", got, err)
				}
				random := strings.Repeat("\u2603\U0001F600", 1000)
				if s.Name() == "GzipMessagePackSerializer" {
					random = incompressible(10_000)
				}
				if _, err := keep.Call(t.Context(), a, note{Text: random}); !errors.Is(err, rpc.Exhausted) || rpc.Delivered(err) != rpc.NotDelivered {
					t.Errorf("over the limit: %v", err)
				}
			})
		}
	}
}

// incompressible is text that gzip can do little about.
func incompressible(n int) string {
	b, x := make([]byte, n), uint32(1)
	for i := range b {
		x = x*1664525 + 1013904223
		b[i] = ' ' + byte(x>>24)%90
	}
	return string(b)
}
