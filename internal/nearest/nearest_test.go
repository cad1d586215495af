package nearest_test

import (
	"testing"

	"github.com/go-hotplug/hotplug/internal/nearest"
)

func TestNameFindsAMisspeltNameAndNeverGuessesWildly(t *testing.T) {
	names := []string{"markdown.render", "markdown.outline", "host.readAsset", "x", "limits"}
	for misspelt, want := range map[string]string{
		"markdown.redner":  "markdown.render",
		"markdown.outlin":  "markdown.outline",
		"host.readasset":   "host.readAsset",
		"markdown.render":  "markdown.render",
		"lim":              "limits",
		"ilmits":           "limits",
		"thumbnail.resize": "",
		"":                 "",
		"y":                "x",
		"yz":               "",
	} {
		if got := nearest.Name(misspelt, names); got != want {
			t.Errorf("nearest of %q is %q, want %q", misspelt, got, want)
		}
	}
}

func TestSlipIsOneEditOrOneSwap(t *testing.T) {
	for pair, want := range map[[2]string]bool{
		{"timeout", "timeouts"}: true,
		{"Nmae", "name"}:        true,
		{"name", "name"}:        true,
		{"nome", "lame"}:        false,
		{"start", "stop"}:       false,
	} {
		if got := nearest.Slip(pair[0], pair[1]); got != want {
			t.Errorf("slip between %q and %q: %t, want %t", pair[0], pair[1], got, want)
		}
	}
}
