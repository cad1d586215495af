package middleware

import (
	"slices"
	"strings"
	"testing"
)

const example = "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01"

func TestTraceparentIsReadAsTheSpecificationSays(t *testing.T) {
	for _, c := range []struct {
		in      string
		sampled bool
		err     string // empty: valid
	}{
		{example, true, ""},
		{example[:53] + "00", false, ""},
		{example[:53] + "fe", false, ""},
		{example[:53] + "ff", true, ""},
		{"01" + example[2:], true, ""},
		{"cc" + example[2:] + "-what the future will be like", true, ""},
		{"", false, "want version"},
		{example[:54], false, "want version"},
		{example + "-00", false, "bytes follow the flags"},
		{"cc" + example[2:] + ".what", false, "bytes follow the flags"},
		{"ff" + example[2:], false, "version ff does not exist"},
		{"0g" + example[2:], false, "want lower-case"},
		{strings.ToUpper(example), false, "want lower-case"},
		{strings.Replace(example, "4bf9", "4BF9", 1), false, "want lower-case"},
		{strings.Replace(example, "00f067aa0ba902b7", "0000000000000000", 1), false, "an id of zeros is none"},
		{strings.Replace(example, "4bf92f3577b34da6a3ce929d0e0e4736", strings.Repeat("0", 32), 1), false, "an id of zeros is none"},
		{strings.Replace(example, "-", "_", 1), false, "want version"},
		{" " + example, false, "want version"},
	} {
		tr, err := ParseTraceparent(c.in)
		switch {
		case c.err == "" && (err != nil || tr.Sampled != c.sampled || tr.Traceparent()[:53] != example[:53]):
			t.Errorf("%q: %+v, %v", c.in, tr, err)
		case c.err != "" && (err == nil || !strings.HasPrefix(err.Error(), "traceparent ") || !strings.Contains(err.Error(), c.err) || !tr.IsZero()):
			t.Errorf("%q: %+v, %v; want %s", c.in, tr, err, c.err)
		}
	}
}

func TestTracestateIsCheckedAsTheSpecificationSays(t *testing.T) {
	members := func(n int) string {
		var b strings.Builder
		for i := range n {
			b.WriteString("k" + strings.Repeat("a", i) + "=v,")
		}
		return b.String()
	}
	long := strings.Repeat("a", 256)
	for in, want := range map[string]bool{
		"": true, "a=b": true, " a=b ,\tc=d , ": true, ",": true, "a=b,a=c": false, "a": false, "=b": false, "a=": false, "a=b=c": false,
		"A=b": false, "1=b": false, "1@a=b": true, "1@1=b": false, "a@b@c=d": false, "a@=b": false, "@a=b": false, "a_-*/1=!~ z": true,
		"a=\x7f": false, "a=ä": false, "a=b\nc=d": false, "a b=c": false, "a =b": false,
		long + "=" + long: true, long + "a=b": false, "a=" + long + "a": false,
		strings.Repeat("a", 241) + "@" + strings.Repeat("a", 14) + "=b": true,
		strings.Repeat("a", 242) + "@a=b":                               false, "a@" + strings.Repeat("a", 15) + "=b": false,
		members(32): true, members(33): false, strings.Repeat(",", 1<<20): false,
	} {
		if got := validState(in); got != want {
			t.Errorf("%.60q is valid: %t, want %t", in, got, want)
		}
	}
}

func TestChildKeepsTheTraceAndNeverItsSpan(t *testing.T) {
	tr, err := ParseTraceparent(example)
	if err != nil {
		t.Fatal(err)
	}
	tr.State = "a=b"
	var spans [][8]byte
	for range 100 {
		c := tr.Child()
		if c.ID != tr.ID || c.State != "a=b" || !c.Sampled || c.IsZero() || c.Span == tr.Span || slices.Contains(spans, c.Span) {
			t.Fatalf("got %+v of %+v", c, tr)
		}
		spans = append(spans, c.Span)
	}
	for _, none := range []Trace{{}, {ID: tr.ID, Sampled: true, State: "a=b"}, {Span: tr.Span}} {
		if c := none.Child(); c.IsZero() || c.ID == tr.ID || c.Span == tr.Span || c.Sampled || c.State != "" {
			t.Errorf("%+v began %+v", none, c)
		}
	}
}

func FuzzParseTraceparent(f *testing.F) {
	f.Add(example)
	f.Add("cc" + example[2:] + "-more")
	f.Add("00-" + strings.Repeat("0", 52))
	f.Fuzz(func(t *testing.T, s string) {
		tr, err := ParseTraceparent(s)
		if err != nil {
			if !tr.IsZero() {
				t.Fatalf("%+v and %v", tr, err)
			}
			return
		}
		again, err := ParseTraceparent(tr.Traceparent())
		if err != nil || again != tr || !strings.HasPrefix(s[2:], tr.Traceparent()[2:53]) {
			t.Fatalf("%q became %+v, %+v, %v", s, tr, again, err)
		}
	})
}

func FuzzTracestate(f *testing.F) {
	f.Add("congo=t61rcWkgMzE,rojo=00f067aa0ba902b7")
	f.Add("1@a=b, ,c=d")
	f.Fuzz(func(t *testing.T, s string) {
		if validState(s) && strings.ContainsAny(s, "\n\r\x00\x7f") {
			t.Fatalf("%q could break out of a header", s)
		}
	})
}
