package manifest

import (
	"fmt"
	"strings"
)

// Calls are messages that somebody may call: names, beginnings such as "app.*" for all whose names begin with "app.", or "*" for all. Empty means none.
type Calls []string

// Include reports whether a message is among them.
func (c Calls) Include(message string) bool {
	for _, one := range c {
		beginning, several := strings.CutSuffix(one, "*")
		if one == message || several && strings.HasPrefix(message, beginning) {
			return true
		}
	}
	return false
}

// Check returns an error if one of them is not what a manifest's permissions.calls may have.
func (c Calls) Check() error {
	for _, one := range c {
		if r := rules["call"]; !r.ok(one) {
			return fmt.Errorf("found %s, want %s", quote(one), r.want)
		}
	}
	return nil
}
