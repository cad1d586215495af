// Package result is what a measurement is: one number, of one variant, of one thing, several times over.
package result

// A Row is what one variant cost at one thing.
type Row struct {
	Group     string    `json:"group"`     // what was measured: "sequential call", "launch"
	Case      string    `json:"case"`      // its size or shape: "64 B", "8 callers", "100 plugins"
	Variant   string    `json:"variant"`   // who: "bare socket", "hotplug msgpack", "go-plugin gRPC"
	Placement string    `json:"placement"` // "one core", "one core each", "free"
	Unit      string    `json:"unit"`      // "µs", "calls/s", "bytes/s", "allocs", "MiB"
	Values    []float64 `json:"values"`    // one for each repetition, in the order taken
}
