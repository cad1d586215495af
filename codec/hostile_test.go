package codec_test

import (
	"encoding/binary"
	"math/big"
	"net/url"
	"reflect"
	"runtime"
	"strings"
	"testing"
	"time"

	"github.com/go-hotplug/hotplug/codec"
)

// claims are headers of 2^25 elements, pairs or bytes, with nothing behind them.
var claims = map[string]string{
	"array": "\xdd\x02\x00\x00\x00", "map": "\xdf\x02\x00\x00\x00", "string": "\xdb\x02\x00\x00\x00",
	"bytes": "\xc6\x02\x00\x00\x00", "extension": "\xc9\x02\x00\x00\x00\x01",
	"map behind an extension": "\xc7\x05\x01\xdf\x02\x00\x00\x00",
}

func TestClaimsOfElementsThatAreNotThereCostNothing(t *testing.T) {
	for name, in := range claims {
		for _, v := range []any{new(any), new([]int64), new([]string), new(map[string]any), new(map[string]string), new(map[int]int),
			new(string), new([]byte), new(narrow), new([]narrow), new([1 << 10]int), new(time.Time), new(error)} {
			var err error
			cost := allocated(func() { err = codec.MessagePackSerializer{}.Unmarshal([]byte(in), v) })
			if err == nil {
				t.Errorf("%s into %T is accepted", name, v)
			}
			if cost > 64<<10 {
				t.Errorf("%s into %T costs %d bytes", name, v, cost)
			}
		}
	}
}

func allocated(f func()) uint64 {
	f() // compiles the type's plan
	var before, after runtime.MemStats
	runtime.ReadMemStats(&before)
	f()
	runtime.ReadMemStats(&after)
	return after.TotalAlloc - before.TotalAlloc
}

func TestManySmallElementsOfALargeTypeAreRefused(t *testing.T) {
	type large struct{ Block [1 << 16]int64 }
	in := append(binary.BigEndian.AppendUint32([]byte{0xdd}, 1<<20), make([]byte, 1<<20)...)
	for i := range in[5:] {
		in[5+i] = 0xc0
	}
	for _, v := range []any{new([]large), new([][1 << 16]int64)} {
		err := codec.MessagePackSerializer{}.Unmarshal(in, v)
		if err == nil || !strings.Contains(err.Error(), "memory") {
			t.Errorf("1 MiB into 512 GiB: %v", err)
		}
	}
	if err := (codec.MessagePackSerializer{}).Unmarshal(in, new([]*large)); err != nil {
		t.Errorf("nil pointers take no memory: %v", err)
	}
}

// tenTexts take 160 bytes, and are written as one if all of them are empty.
type tenTexts struct {
	A, B, C, D, E, F, G, H, I, J string `json:",omitempty"`
}

// many is an array of n times one element.
func many(n int, element string) []byte {
	return append(binary.BigEndian.AppendUint32([]byte{0xdd}, uint32(n)), strings.Repeat(element, n)...)
}

func TestAFrameOfHollowValuesIsRefusedBeforeItTakesManyTimesItsSize(t *testing.T) {
	for name, c := range map[string]struct {
		in []byte
		v  any
	}{
		"structs of ten texts":       {many(256<<10, "\x80"), new([]tenTexts)},
		"pointers to them":           {many(256<<10, "\x80"), new([]*tenTexts)},
		"structs by name":            {append([]byte("\x81\xa4Rows"), many(256<<10, "\x80")...), new(struct{ Rows []tenTexts })},
		"empty maps":                 {many(256<<10, "\x80"), new(any)},
		"empty maps of a type":       {many(256<<10, "\x80"), new([]map[string]int)},
		"less than 16 KiB, of large": {many(15<<10, "\x80"), new([]tenTexts)},
	} {
		var err error
		cost := allocated(func() { err = codec.MessagePackSerializer{}.Unmarshal(c.in, c.v) })
		if err == nil || !strings.Contains(err.Error(), "decoding takes more than") {
			t.Errorf("%s: %v, want an error that says how much memory it takes", name, err)
		}
		if cost > 64<<10 {
			t.Errorf("%s: %d bytes cost %d before they are refused", name, len(c.in), cost)
		}
	}
}

func TestSmallRecordsAreReadByTheThousand(t *testing.T) {
	for name, record := range map[string]any{
		"a map of one pair":     map[string]any{"a": 1},
		"with a map of nothing": map[string]any{"id": 1, "tags": map[string]any{}},
		"a struct of one text":  tenTexts{A: "x"},
		"a flag":                map[string]bool{"a": true},
	} {
		for _, n := range []int{1, 1000, 50_000} {
			one, err := codec.MessagePackSerializer{}.Marshal(record)
			if err != nil {
				t.Fatal(err)
			}
			var dynamic any
			typed := reflect.New(reflect.SliceOf(reflect.TypeOf(record)))
			in := many(n, string(one))
			if err := (codec.MessagePackSerializer{}).Unmarshal(in, &dynamic); err != nil {
				t.Errorf("%d times %s, into any: %v", n, name, err)
			}
			if err := (codec.MessagePackSerializer{}).Unmarshal(in, typed.Interface()); err != nil {
				t.Errorf("%d times %s: %v", n, name, err)
			}
		}
	}
}

type selfDecoding struct{}

func (*selfDecoding) UnmarshalMsgpack([]byte) error { panic("in user code") }

func TestMessagePackRefusesWhatWouldBeLostOrPanic(t *testing.T) {
	type fixed struct {
		N int     `json:"n"`
		T any     `json:"t"`
		E error   `json:"e"`
		S *string `json:"s"`
	}
	for _, c := range []struct {
		name, in, want string
		v              any
	}{
		{"a name twice", "\x82\xa1n\x01\xa1n\x02", `field "n": is there twice`, &fixed{}},
		{"an array into a struct", "\x94\x01\xc0\xc0\xc0", "array found, ", &fixed{}},
		{"a map into a slice", "\x80", "map found, []int expected", new([]int)},
		{"an array into a map", "\x90", "array found, map[string]int expected", new(map[string]int)},
		{"an extension into a map", "\xd4\x01\x80", "extension found, map[string]any", new(map[string]any)},
		{"nil into a time", "\xc0", "nil found, time.Time expected", new(time.Time)},
		{"nil into a field of time", "\x81\xa1T\xc0", `field "T": nil found`, &struct{ T time.Time }{}},
		{"a short time", "\xd4\xff\x00", "extension -1 of 1 bytes found, a timestamp expected", new(time.Time)},
		{"another extension as time", "\xd6\x05\x00\x00\x00\x00", "extension 5 of 4 bytes found", new(time.Time)},
		{"a number into an error", "\x81\xa1e\x01", `field "e": integer found, error expected`, &fixed{}},
		{"a key that is no text", "\x81\x01\x01", "map key: integer found, string expected", new(any)},
		{"a key that is no text, in an any", "\x81\xa1t\x91\x81\x01\x01", `field "t[0]": map key: integer found`, &fixed{}},
		{"two values", "\x01\x02", "1 bytes follow the value", new(int)},
		{"nothing", "", "offset 0: a value needs at least 1 bytes", new(int)},
		{"the reserved byte", "\x91\xc1", "offset 1: reserved byte", new([]int)},
		{"the reserved byte where nobody looks", "\x81\xa1?\xc1", "offset 3: reserved byte", &fixed{}},
		{"a panic in user code", "\x80", "panicked: in user code", &selfDecoding{}},
	} {
		err := codec.MessagePackSerializer{}.Unmarshal([]byte(c.in), c.v)
		if err == nil || !strings.Contains(strings.ReplaceAll(err.Error(), "interface {}", "any"), c.want) {
			t.Errorf("%s: %v, want %s", c.name, err, c.want)
		}
	}
}

type (
	selfEmbedding struct{ *selfEmbedding }
	endless       *endless
)

func TestTypesThatTheLibraryCannotHandleAreErrors(t *testing.T) {
	var e endless
	for _, v := range []any{
		&selfEmbedding{}, &e, &struct{ U uintptr }{}, &struct {
			S string `msgpack:",intern"`
		}{}, &map[any]int{},
	} {
		var s codec.MessagePackSerializer
		if _, err := s.Marshal(v); err == nil {
			t.Errorf("%T is encoded", v)
		}
		if err := s.Unmarshal([]byte("\x80"), v); err == nil {
			t.Errorf("%T is decoded", v)
		}
	}
}

func TestTypesThatEncodeAtTheirPointerAreEncodedAsValues(t *testing.T) {
	type message struct {
		N big.Int
		U url.URL
	}
	in := message{N: *big.NewInt(1 << 40), U: url.URL{Scheme: "https", Host: "example.org"}}
	for _, s := range both[:1] {
		data, err := s.Marshal(in)
		var out message
		if err == nil {
			err = s.Unmarshal(data, &out)
		}
		if err != nil || out.N.Cmp(&in.N) != 0 || out.U != in.U {
			t.Errorf("%s: %v, %v", s.Name(), out, err)
		}
	}
}

// generated has the methods that msgp generates.
type generated struct{ n byte }

func (g *generated) MarshalMsg(dst []byte) ([]byte, error) { return append(dst, g.n), nil }
func (g *generated) UnmarshalMsg(src []byte) ([]byte, error) {
	g.n = src[0]
	return src[1:], nil
}

func TestGeneratedMethodsAreUsed(t *testing.T) {
	var s codec.MessagePackSerializer
	data, err := s.Append([]byte("head"), &generated{n: 7})
	if err != nil || string(data) != "head\x07" {
		t.Fatalf("%q, %v", data, err)
	}
	var g generated
	if err := s.Unmarshal(data[4:], &g); err != nil || g.n != 7 {
		t.Errorf("%v, %v", g, err)
	}
	if err := s.Unmarshal([]byte("\x07\x07"), &g); err == nil {
		t.Error("two values are accepted")
	}
	if err := s.Unmarshal([]byte("\xdd\x02\x00\x00\x00"), &g); err == nil {
		t.Error("a claim reaches the generated method")
	}
	if data, err := s.Marshal((*generated)(nil)); err != nil || string(data) != "\xc0" {
		t.Errorf("a nil pointer: %q, %v", data, err)
	}
}
