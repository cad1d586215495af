package mp_test

import (
	"testing"

	"github.com/go-hotplug/hotplug/internal/mp"
)

func BenchmarkWalk(b *testing.B) {
	data := mp.AppendArrayHeader(nil, 1000)
	for range 1000 {
		data = append(data, "\x82\xa3key\x92\x01\xcb12345678\xa4name\xa5value"...)
	}
	b.SetBytes(int64(len(data)))
	b.ReportAllocs()
	for b.Loop() {
		if _, err := mp.Walk(data, 256); err != nil {
			b.Fatal(err)
		}
	}
}
