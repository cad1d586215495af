package serializers

import (
	"context"
	"fmt"
	"strings"
	"sync"
	"testing"

	"github.com/go-hotplug/hotplug/codec"
	"github.com/go-hotplug/hotplug/rpc"
	"github.com/go-hotplug/hotplug/rpc/rpctest"
)

const relay rpc.Query[string, string] = "serializers.relay"

// terminated is JSON that ends in something else.
type terminated struct {
	codec.JsonSerializer
	end string
}

func (t terminated) Name() string       { return fmt.Sprintf("Json%xSerializer", t.end) }
func (t terminated) Terminator() []byte { return []byte(t.end) }

// Each connection hands on to the next one, which uses another serializer, with another terminator or none.
func TestConnectionsWithDifferentTerminatorsRunSideBySide(t *testing.T) {
	var chain []codec.Serializer
	for _, name := range codec.Names() {
		s, err := codec.Lookup(name)
		if err != nil {
			t.Fatal(err)
		}
		chain = append(chain, s)
	}
	chain = append(chain, terminated{end: "\x00"}, terminated{end: "\r\n\r\n"}, terminated{end: "\n-- end --\n"}, terminated{end: "\xff\xfe"})
	next := rpc.Peer(nil)
	for _, s := range chain {
		to := next
		handler := relay.Handle(func(ctx context.Context, text string) (string, error) {
			if to == nil {
				return text + ".", nil
			}
			got, err := relay.Call(ctx, to, text)
			return got + s.Name() + " ", err
		})
		next, _ = rpctest.PairWith(t, rpc.Options{Serializer: s}, rpc.Options{Serializer: s, Handlers: rpc.NewMux(handler)})
	}
	want := "\x00\r\n\r\n-- end --\n\n."
	for _, s := range chain[1:] {
		want += s.Name() + " "
	}
	var all sync.WaitGroup
	for range 20 {
		all.Go(func() {
			got, err := relay.Call(t.Context(), next, strings.TrimSuffix(want[:strings.Index(want, ".")+1], "."))
			if err != nil || got != want {
				t.Errorf("got %q, %v\nwant %q", got, err, want)
			}
		})
	}
	all.Wait()
}
