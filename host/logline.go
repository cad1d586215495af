package host

import (
	"encoding/json"
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
			if level, known := levelOf(name); known {
				return logLine{level: level, message: strings.TrimSpace(message)}
			}
		}
	}
	return logLine{level: hclog.Info, message: text}
}

// parseHclog reads a JSON line of hclog. Members of other types than hclog writes are kept as arguments.
func parseHclog(text string) (logLine, bool) {
	var members map[string]json.RawMessage
	if json.Unmarshal([]byte(text), &members) != nil {
		return logLine{}, false
	}
	message, isText := textOf(members["@message"])
	name, hasLevel := textOf(members["@level"])
	level, known := levelOf(name)
	if !isText || !hasLevel || !known {
		return logLine{}, false
	}
	delete(members, "@message")
	delete(members, "@level")
	delete(members, "@timestamp") // the host's own follows
	l := logLine{level: level, message: printable(message)}
	for _, key := range slices.Sorted(maps.Keys(members)) {
		value, isText := textOf(members[key])
		value = printable(value)
		if !isText {
			value = string(members[key]) // as it was written: no number loses digits
		}
		l.args = append(l.args, printable(strings.TrimPrefix(key, "@")), value)
	}
	return l, true
}

// textOf decodes a JSON string.
func textOf(raw json.RawMessage) (text string, ok bool) {
	if len(raw) == 0 || raw[0] != '"' {
		return "", false
	}
	return text, json.Unmarshal(raw, &text) == nil
}

// levelOf is the level of this name that a line can have.
func levelOf(name string) (level hclog.Level, known bool) {
	level = hclog.LevelFromString(name)
	return level, level != hclog.NoLevel && level != hclog.Off
}
