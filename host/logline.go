package host

import (
	"encoding/json"
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/hashicorp/go-hclog"
)

// A logLine is one line of a plugin's output as it goes to the host's log.
type logLine struct {
	level   hclog.Level
	message string
	args    []any
}

// parseLine understands hclog's JSON lines and its "[LEVEL] text"; every other line is text at info level. No line is lost: what is not of the
// expected form stays as it is.
func parseLine(text string) logLine {
	if strings.HasPrefix(text, "{") {
		if l, ok := parseHclog(text); ok {
			return l
		}
	}
	if rest, ok := strings.CutPrefix(text, "["); ok {
		if name, message, ok := strings.Cut(rest, "]"); ok {
			if level := hclog.LevelFromString(name); level != hclog.NoLevel {
				return logLine{level: level, message: strings.TrimSpace(message)}
			}
		}
	}
	return logLine{level: hclog.Info, message: text}
}

// parseHclog reads a JSON line of hclog. Members of other types than hclog writes are kept as arguments.
func parseHclog(text string) (logLine, bool) {
	var members map[string]any
	if json.Unmarshal([]byte(text), &members) != nil {
		return logLine{}, false
	}
	message, isText := members["@message"].(string)
	name, hasLevel := members["@level"].(string)
	level := hclog.LevelFromString(name)
	if !isText || !hasLevel || level == hclog.NoLevel || level == hclog.Off {
		return logLine{}, false
	}
	delete(members, "@message")
	delete(members, "@level")
	delete(members, "@timestamp") // the host's own follows
	l := logLine{level: level, message: message}
	for _, key := range slices.Sorted(maps.Keys(members)) {
		l.args = append(l.args, strings.TrimPrefix(key, "@"), fmt.Sprint(members[key]))
	}
	return l, true
}
