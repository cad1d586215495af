package codec_test

import (
	"bytes"
	"testing"

	"github.com/go-hotplug/hotplug/codec"
)

type greet struct {
	Name string `json:"name"`
	Age  int8   `json:"age"`
	Lang string `json:"lang"`
}

type blob struct {
	Data []byte `json:"data"`
}

func TestAppendOfASmallStructAllocatesAtMostOnce(t *testing.T) {
	for _, s := range both {
		dst, in := make([]byte, 0, 1024), &greet{Name: "Ada", Age: 36, Lang: "en"}
		n := testing.AllocsPerRun(200, func() { _, _ = codec.Append(s, dst, in) })
		if n > 1 {
			t.Errorf("%s: %v allocations", s.Name(), n)
		}
	}
}

func BenchmarkSerializers(b *testing.B) {
	for name, v := range map[string]any{
		"greet": &greet{Name: "Ada", Age: 36, Lang: "en"}, "64B": &blob{bytes.Repeat([]byte("x"), 64)}, "64KiB": &blob{bytes.Repeat([]byte("x"), 64<<10)},
	} {
		for _, s := range both {
			b.Run(s.Name()+"/Append/"+name, func(b *testing.B) { benchAppend(b, s, v) })
			b.Run(s.Name()+"/Unmarshal/"+name, func(b *testing.B) { benchUnmarshal(b, s, v) })
		}
	}
}

func benchAppend(b *testing.B, s codec.Serializer, v any) {
	buf := make([]byte, 0, 128<<10)
	b.ReportAllocs()
	for b.Loop() {
		if _, err := codec.Append(s, buf, v); err != nil {
			b.Fatal(err)
		}
	}
}

func benchUnmarshal(b *testing.B, s codec.Serializer, v any) {
	data, err := s.Marshal(v)
	if err != nil {
		b.Fatal(err)
	}
	b.ReportAllocs()
	for b.Loop() {
		var err error
		if _, isGreet := v.(*greet); isGreet {
			err = s.Unmarshal(data, &greet{})
		} else {
			err = s.Unmarshal(data, &blob{})
		}
		if err != nil {
			b.Fatal(err)
		}
	}
}
