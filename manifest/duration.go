package manifest

import (
	"bytes"
	"encoding/json"
	"fmt"
	"strings"
	"time"
)

// Duration is a time.Duration that is written in Go's syntax, such as "1m30s". It is never negative in a manifest.
type Duration time.Duration

// String is the shortest text that parses to d: "1h", not "1h0m0s".
func (d Duration) String() string {
	text := time.Duration(d).String()
	if strings.HasSuffix(text, "m0s") {
		text = strings.TrimSuffix(text, "0s")
	}
	if strings.HasSuffix(text, "h0m") {
		text = strings.TrimSuffix(text, "0m")
	}
	return text
}

// MarshalText writes String.
func (d Duration) MarshalText() ([]byte, error) { return []byte(d.String()), nil }

// MarshalJSON writes the form that Parse reads: a Drain of 0 is "".
func (t Timeouts) MarshalJSON() ([]byte, error) {
	type timeouts Timeouts // without this method
	out, err := json.Marshal(timeouts(t))
	if t.Drain == 0 {
		out = bytes.Replace(out, []byte(`"drain":"0s"`), []byte(`"drain":""`), 1)
	}
	return out, err
}

// ParseDuration reads Go's syntax; a negative duration is an error.
func ParseDuration(text string) (Duration, error) {
	d, err := time.ParseDuration(text)
	if err != nil {
		return 0, fmt.Errorf("duration %s: want a number with a unit, such as 500ms, 30s or 1m30s", quote(text))
	}
	if d < 0 {
		return 0, fmt.Errorf("duration %s is negative: want 0s or more", quote(text))
	}
	return Duration(d), nil
}
