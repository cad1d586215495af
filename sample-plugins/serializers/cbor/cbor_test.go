package cbor_test

import (
	"math/big"
	"reflect"
	"strings"
	"testing"
	"time"

	"github.com/go-hotplug/hotplug/codec"
	"github.com/go-hotplug/hotplug/sample-plugins/serializers/cbor"
)

type person struct {
	Name string `json:"name"`
	Age  int8   `cbor:"a" json:"age"`
}

func TestBytesAreThoseOfTheSpecification(t *testing.T) {
	for _, c := range []struct {
		v    any
		want string
	}{
		{person{"Ada", 36}, "\xa2\x64name\x63Ada\x61a\x18\x24"},
		{[]any{nil, true, -1, []byte{0}}, "\x84\xf6\xf5\x20\x41\x00"},
		{time.Date(2013, 3, 21, 20, 4, 0, 0, time.UTC), "\xc0\x742013-03-21T20:04:00Z"}, // RFC 8949, appendix A
	} {
		if b, err := (cbor.Serializer{}).Marshal(c.v); err != nil || string(b) != c.want {
			t.Errorf("%v: got %q, %v; want %q", c.v, b, err, c.want)
		}
	}
}

func TestAnAnyTakesTheTypesThatTheDocumentationLists(t *testing.T) {
	large := new(big.Int).SetUint64(1 << 63)
	for in, want := range map[string]any{
		"\x18\x24": int64(36), "\x38\x63": int64(-100), "\x1b\x80\x00\x00\x00\x00\x00\x00\x00": *large, "\xfb\x3f\xf8\x00\x00\x00\x00\x00\x00": 1.5,
		"\xa1\x61a\x81\xf6": map[string]any{"a": []any{nil}}, "\x41\x00": []byte{0}, "\xc0\x742013-03-21T20:04:00Z": time.Date(2013, 3, 21, 20, 4, 0, 0, time.UTC),
	} {
		var got any
		if err := (cbor.Serializer{}).Unmarshal([]byte(in), &got); err != nil || !reflect.DeepEqual(got, want) {
			t.Errorf("%q: got %T %v, %v; want %T %v", in, got, got, err, want, want)
		}
	}
}

func TestUnmarshalNamesWhatItRefuses(t *testing.T) {
	for _, c := range []struct {
		into     any
		in, want string
	}{
		{new(person), "\xa1\x61a\x19\x01\x00", "decode *cbor_test.person from CBOR: cbor: cannot unmarshal positive integer into Go struct field cbor_test.person.a of type int8"},
		{new(person), "\xa2\x61a\x01\x61a\x02", "duplicate map key"},
		{new(person), "\xa1\x64name\x62\xff\xff", "invalid UTF-8"},
		{new(person), "\xa0\xa0", "1 bytes of extraneous data"},
		{new(person), "\xa1\x64name", "unexpected EOF"},
		{new(person), "", "EOF"},
		{new(any), strings.Repeat("\x81", 1000) + "\x00", "exceeded max nested level"},
		{new(any), "\x9b\x00\x00\x00\x00\x7f\xff\xff\xff", "exceeded max number of elements"},
		{new(any), "\x9a\x03\xff\xff\xff", "unexpected EOF"}, // an array of 2^26 elements, in five bytes
		{new(any), "\xbb\x00\x00\x00\x00\x7f\xff\xff\xff", "exceeded max number of key-value pairs"},
		{new(any), "\x5b\x00\x00\x00\x00\x7f\xff\xff\xffab", "unexpected EOF"},
	} {
		err := cbor.Serializer{}.Unmarshal([]byte(c.in), c.into)
		if err == nil || !strings.HasPrefix(err.Error(), "decode *") || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%.20q: got %v, want %s", c.in, err, c.want)
		}
	}
}

func TestFieldsMatchExactly(t *testing.T) {
	var p person
	if err := (cbor.Serializer{}).Unmarshal([]byte("\xa2\x64NAME\x63Ada\x61A\x01"), &p); err != nil || p != (person{}) {
		t.Errorf("got %+v, %v", p, err)
	}
}

func TestNestingUpToTheLimitOfTheOthersIsTaken(t *testing.T) {
	var v any
	for range codec.MaxDepth {
		v = []any{v}
	}
	b, err := cbor.Serializer{}.Marshal(v)
	if err != nil {
		t.Fatal(err)
	}
	var got any
	if err := (cbor.Serializer{}).Unmarshal(b, &got); err != nil || !reflect.DeepEqual(got, v) {
		t.Errorf("got %v", err)
	}
}

func TestMarshalNamesWhatItRefuses(t *testing.T) {
	_, err := cbor.Serializer{}.Marshal(make(chan int))
	if err == nil || err.Error() != "encode chan int as CBOR: cbor: unsupported type: chan int" {
		t.Errorf("got %v", err)
	}
}

func FuzzUnmarshal(f *testing.F) {
	f.Add([]byte("\xa2\x64name\x63Ada\x61a\x18\x24"))
	f.Add([]byte("\x9f\x01\xff"))
	f.Fuzz(func(t *testing.T, b []byte) {
		var p person
		_ = cbor.Serializer{}.Unmarshal(b, &p)
		var v any
		if err := (cbor.Serializer{}).Unmarshal(b, &v); err != nil {
			return
		}
		// A time may be decoded that no RFC 3339 text has: 64 bits of seconds reach further than four digits of a year.
		if _, err := (cbor.Serializer{}).Marshal(v); err != nil && !strings.Contains(err.Error(), "year outside of range") {
			t.Fatalf("%#v was decoded and cannot be encoded: %v", v, err)
		}
	})
}
