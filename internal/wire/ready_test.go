package wire_test

import (
	"strings"
	"testing"

	"github.com/go-hotplug/hotplug/codec"
	"github.com/go-hotplug/hotplug/internal/wire"
)

func TestEmptyLinesAreNotReady(t *testing.T) {
	for behind, want := range map[string]bool{
		"": false, "\n": false, "\r\n": false, "\n\r\n\n": false, "\n{": false,
		"{}\n": true, "\n{}\n": true, "\r\n\n{}\r\n": true, "\r\r\n": true,
	} {
		r := wire.NewReader(strings.NewReader("{}\n" + behind))
		r.SetFraming(wire.FormatOf(codec.JsonSerializer{}), 64)
		if _, err := r.Frame(); err != nil {
			t.Fatal(err)
		}
		if r.Ready() != want {
			t.Errorf("with %q left: %t", behind, !want)
		}
	}
}
