package pipe_test

import (
	"io"
	"testing"

	"github.com/go-hotplug/hotplug/internal/pipe"
)

func BenchmarkPingPong(b *testing.B) {
	near, far := pipe.New(0)
	defer near.Close()
	go func() { // ends with near
		defer far.Close()
		io.Copy(far, far)
	}()
	p := make([]byte, 128)
	b.ReportAllocs()
	for b.Loop() {
		near.Write(p)
		if _, err := io.ReadFull(near, p); err != nil {
			b.Fatal(err)
		}
	}
}
