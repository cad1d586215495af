package nearest_test

import (
	"testing"

	"github.com/go-hotplug/hotplug/internal/nearest"
)

func TestNameFindsAMisspeltNameAndNeverGuessesWildly(t *testing.T) {
	names := []string{"markdown.render", "markdown.outline", "host.readAsset", "x"}
	for misspelt, want := range map[string]string{
		"markdown.redner":  "markdown.render",
		"markdown.outlin":  "markdown.outline",
		"host.readasset":   "host.readAsset",
		"markdown.render":  "markdown.render",
		"thumbnail.resize": "",
		"":                 "",
		"y":                "x",
	} {
		if got := nearest.Name(misspelt, names); got != want {
			t.Errorf("nearest of %q is %q, want %q", misspelt, got, want)
		}
	}
}
