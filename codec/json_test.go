package codec_test

import (
	"strings"
	"testing"

	"github.com/go-hotplug/hotplug/codec"
)

func TestJsonIsCompactOnOneLineWithoutHTMLEscapes(t *testing.T) {
	got, err := codec.JsonSerializer{}.Marshal(map[string]string{"a": "<b> & \n"})
	if want := `{"a":"<b> & \n"}`; err != nil || string(got) != want {
		t.Errorf("%s, %v, want %s", got, err, want)
	}
}

type label string

func TestJsonRefusesTextThatIsNotUTF8AndSaysWhere(t *testing.T) {
	bad := "ab\xffc"
	why := "byte 0xff at offset 2 is not valid UTF-8"
	for _, c := range []struct {
		v    any
		want string
	}{
		{bad, "encode string: " + why},
		{label(bad), "encode label: " + why},
		{struct{ Name string }{bad}, `field "Name": ` + why},
		{&struct{ L []any }{[]any{1, &bad}}, `field "L[1]": ` + why},
		{map[string]string{bad: ""}, "map key: " + why},
		{map[string]any{"k": map[int]string{1: bad}}, `field "k.1": ` + why},
	} {
		got, err := codec.JsonSerializer{}.Marshal(c.v)
		if err == nil || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%v: %s, %v, want %s", c.v, got, err, c.want)
		}
	}
}

func TestJsonKeepsReplacementCharactersThatWereThere(t *testing.T) {
	for _, in := range []string{"\ufffd", `\ufffd`, `\\ufffd`} {
		var out string
		data, err := codec.JsonSerializer{}.Marshal(in)
		if err == nil {
			err = codec.JsonSerializer{}.Unmarshal(data, &out)
		}
		if err != nil || in != out {
			t.Errorf("%q: %q, %v", in, out, err)
		}
	}
}

func TestJsonRefusesInputThatWouldBeRepaired(t *testing.T) {
	for in, want := range map[string]string{
		"\"a\xffb\"":                    "offset 2: byte 0xff is not valid UTF-8",
		"{\"\xc3\x28\":1}":              "offset 2: byte 0xc3 is not valid UTF-8",
		`"\ud800"`:                      `offset 1: \ud800 is half a surrogate pair`,
		`"\uDC00\ud800"`:                `offset 1: \uDC00 is half a surrogate pair`,
		`"ab\\\ud83dx"`:                 `offset 5: \ud83d is half a surrogate pair`,
		`"\ud83d\u0041"`:                `offset 1: \ud83d is half`,
		`1 2`:                           "invalid character '2'",
		`[1`:                            "unexpected end",
		``:                              "unexpected end",
		`{"a":1}{"a":2}`:                "invalid character '{'",
		strings.Repeat("[{\"a\":", 200): "offset 768: nested deeper than 256",
	} {
		for _, v := range []any{new(any), new(string), new(map[string]string)} {
			err := codec.JsonSerializer{}.Unmarshal([]byte(in), v)
			if err == nil {
				t.Errorf("%.40s into %T is accepted", in, v)
			}
			if _, isAny := v.(*string); isAny && !strings.Contains(err.Error(), want) {
				t.Errorf("%.40s: %v, want %s", in, err, want)
			}
		}
	}
}

func TestJsonTakesEscapesAndDeepTextThatAreValid(t *testing.T) {
	for in, want := range map[string]string{
		`"\ud83d\ude42"`:                      "🙂",
		`"\\ud800"`:                           `\ud800`,
		`"\\\\\u00e9"`:                        `\\é`,
		`"` + strings.Repeat("[{", 500) + `"`: strings.Repeat("[{", 500),
	} {
		var got string
		if err := (codec.JsonSerializer{}).Unmarshal([]byte(in), &got); err != nil || got != want {
			t.Errorf("%.40s: %.40q, %v", in, got, err)
		}
	}
	var v any
	wide := "[" + strings.Repeat(`{"a":[]},`, 1000) + `"]["]`
	if err := (codec.JsonSerializer{}).Unmarshal([]byte(wide), &v); err != nil {
		t.Errorf("wide, not deep: %v", err)
	}
}
