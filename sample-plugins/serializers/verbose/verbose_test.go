package verbose_test

import (
	"strings"
	"testing"

	"github.com/go-hotplug/hotplug/sample-plugins/serializers/verbose"
)

func TestOutputIsIndentedAndHasNoEmptyLine(t *testing.T) {
	b, err := verbose.Serializer{}.Marshal(map[string]any{"text": "a\n\nb", "list": []int{1}, "none": []int{}, "object": map[string]int{}})
	want := `{
  "list": [
    1
  ],
  "none": [],
  "object": {},
  "text": "a\n\nb"
}`
	if err != nil || string(b) != want {
		t.Errorf("got\n%s\n%v", b, err)
	}
}

func TestCompactJSONIsTakenToo(t *testing.T) {
	var got map[string]int
	if err := (verbose.Serializer{}).Unmarshal([]byte(`{"a":1}`), &got); err != nil || got["a"] != 1 {
		t.Errorf("got %v, %v", got, err)
	}
}

func TestErrorsAreThoseOfTheJSONBeneath(t *testing.T) {
	_, err := verbose.Serializer{}.Marshal("\xff")
	if err == nil || !strings.HasPrefix(err.Error(), "encode string: ") {
		t.Errorf("got %v", err)
	}
	if err := (verbose.Serializer{}).Unmarshal([]byte("{\n  \"n\": 300\n}"), &struct {
		N int8 `json:"n"`
	}{}); err == nil || !strings.Contains(err.Error(), "300") {
		t.Errorf("got %v", err)
	}
}

func FuzzUnmarshal(f *testing.F) {
	f.Add([]byte("{\n  \"a\": [\n    1\n  ]\n}"))
	f.Fuzz(func(t *testing.T, b []byte) {
		var v any
		if err := (verbose.Serializer{}).Unmarshal(b, &v); err != nil {
			return
		}
		out, err := verbose.Serializer{}.Marshal(v)
		if err != nil {
			t.Fatalf("%#v was decoded and cannot be encoded: %v", v, err)
		}
		if strings.Contains(string(out)+"\n", "\n\n") {
			t.Fatalf("%q ends before its end", out)
		}
	})
}
