package rpc_test

import (
	"context"
	"iter"
	"runtime"
	"testing"

	"github.com/go-hotplug/hotplug/rpc"
	"github.com/go-hotplug/hotplug/rpc/rpctest"
)

const (
	download rpc.Stream[int, []byte]   = "bulk.download" // so many chunks
	ingest   rpc.Upload[[]byte, int64] = "bulk.ingest"   // answers how many bytes came
	chunk                              = 64 << 10
	most                               = 64 << 20 // bytes of live memory, for 1 GiB that passes
)

func bulk() []rpc.Handler {
	return []rpc.Handler{
		download.Handle(func(_ context.Context, n int, send func([]byte) error) error {
			data := make([]byte, chunk)
			for range n {
				if err := send(data); err != nil {
					return err
				}
			}
			return nil
		}),
		ingest.Handle(func(_ context.Context, items iter.Seq2[[]byte, error]) (size int64, err error) {
			for data, err := range items {
				if err != nil {
					return size, err
				}
				size += int64(len(data))
			}
			return size, nil
		}),
	}
}

func TestAGibibytePassesAStreamInConstantMemory(t *testing.T) {
	chunks := 16 << 10 // 1 GiB
	if raced || testing.Short() {
		chunks = 1 << 10
	}
	a, _ := rpctest.Pair(t, nil, bulk())
	peak := func(i int, highest uint64) uint64 {
		if i%512 != 0 {
			return highest
		}
		var m runtime.MemStats
		runtime.ReadMemStats(&m)
		return max(highest, m.HeapAlloc)
	}
	var highest uint64
	i := 0
	for data, err := range download.Open(t.Context(), a, chunks) {
		if err != nil || len(data) != chunk {
			t.Fatal(len(data), err)
		}
		i++
		highest = peak(i, highest)
	}
	data := make([]byte, chunk)
	size, err := ingest.Call(t.Context(), a, func(yield func([]byte, error) bool) {
		for i := range chunks {
			if highest = peak(i, highest); !yield(data, nil) {
				return
			}
		}
	})
	if err != nil || i != chunks || size != int64(chunks)*chunk {
		t.Errorf("%d chunks came, %d bytes went: %v", i, size, err)
	}
	if highest > most {
		t.Errorf("%d bytes were live at once, of %d that passed", highest, int64(chunks)*chunk)
	}
}
