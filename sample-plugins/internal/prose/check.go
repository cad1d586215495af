package prose

import (
	"strings"

	"github.com/go-hotplug/hotplug/rpc"
	"github.com/go-hotplug/hotplug/sample-plugins/markdown/markdownapi"
)

const (
	maxName    = 1024     // bytes: each relative link is resolved against it
	maxHeading = 4 << 10  // bytes: parsed in quadratic time
	maxNotes   = 10_000   // footnotes and their marks, for the same reason
	markers    = ">-+*.)" // what quotes and lists begin with
)

// Check refuses what would cost too much to parse, as rpc.Invalid. The name is that of the document, for the error.
func Check(name, source string) error {
	if len(name) > maxName {
		return rpc.Errorf(rpc.Invalid, "the document's name is %d bytes: at most %d are allowed", len(name), maxName)
	}
	if len(source) > markdownapi.MaxSource {
		return rpc.Errorf(rpc.Invalid, "%s is %d bytes: at most %d are rendered, split the document", name, len(source), markdownapi.MaxSource)
	}
	if n := strings.Count(source, "[^"); n > maxNotes {
		return rpc.Errorf(rpc.Invalid, "%s has %d footnotes: at most %d are rendered", name, n, maxNotes)
	}
	return checkLines(name, source)
}

func checkLines(name, source string) error {
	number := 0
	for line := range strings.Lines(source) {
		number++
		if len(line) > markdownapi.MaxLine {
			return rpc.Errorf(rpc.Invalid, "%s:%d: the line is %d bytes: at most %d are rendered, break it", name, number, len(line), markdownapi.MaxLine)
		}
		if heading := strings.TrimLeft(line, markers+" \t0123456789"); len(line) > maxHeading && strings.HasPrefix(heading, "#") {
			return rpc.Errorf(rpc.Invalid, "%s:%d: the heading is %d bytes: at most %d are rendered", name, number, len(line), maxHeading)
		}
		if n := depth(line); n > markdownapi.MaxDepth {
			return rpc.Errorf(rpc.Invalid, "%s:%d: quotes and lists nest %d deep: at most %d are rendered", name, number, n, markdownapi.MaxDepth)
		}
	}
	return nil
}

// depth is how many quotes and lists are open after a line that begins one: each outer one takes a marker, or two columns of
// indentation. It is an upper bound, since code is not told apart, and 0 for a line that begins none.
func depth(line string) int {
	line = strings.TrimRight(line, " \t\r\n")
	if isRule(line) {
		return 0
	}
	marks, indent := 0, 0
scan:
	for i := range len(line) {
		last := i+1 == len(line)
		switch c := line[i]; {
		case c == ' ':
			indent++
		case c == '\t':
			indent += 4
		case c == '>', strings.IndexByte("-+*.)", c) >= 0 && (last || line[i+1] == ' ' || line[i+1] == '\t'):
			marks++
		case c < '0' || c > '9':
			break scan
		}
	}
	if marks == 0 {
		return 0
	}
	return marks + max(0, indent-marks)/2 // the space behind a marker belongs to it
}

// isRule reports a line such as * * *, which is no list.
func isRule(line string) bool {
	return strings.Trim(line, "- \t") == "" || strings.Trim(line, "* \t") == ""
}
