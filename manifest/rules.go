package manifest

import (
	"net/url"
	"path"
	"regexp"
	"strings"
	"time"
)

// rule is what a string must look like; a field names its rule in its tag.
type rule struct {
	ok      func(text string) bool
	want    string
	pattern string // for the schema, if a regular expression can say it
}

// namePattern is a plugin's name.
const namePattern = `^[a-z][a-z0-9-]{0,63}$`

const identifierPattern = `^[A-Za-z_][A-Za-z0-9_]*$`

// envPattern allows parentheses for Windows, which has ProgramFiles(x86).
const envPattern = `^[A-Za-z_][A-Za-z0-9_()]*$`

// callPattern is a message's name, or what several begin with. No message's name ends with a dot.
const callPattern = `^(\*|[^*\s\x00]*[^*.\s\x00](\.\*)?)$`

const sha256Pattern = `^[0-9a-fA-F]{64}$`

// rules by the name that tags use. "format" is looked at by the decoder itself.
var rules = map[string]rule{
	"format":     {want: "1, the only format that this version reads"},
	"name":       matching(namePattern, "a name of a-z, 0-9 and -, that begins with a letter and has at most 64 characters"),
	"identifier": matching(identifierPattern, "a class name: letters, digits and _, not beginning with a digit"),
	"env":        {ok: isEnvName, want: "a variable's name that does not begin with HOTPLUG_", pattern: envPattern},
	"sha256":     matching(sha256Pattern, "64 hexadecimal digits"),
	"call":       matching(callPattern, "the name of a message, such as app.user, or of all that begin with app., as app.*, or * for all"),
	"path":       {ok: isInside, want: "a path inside the plugin's folder: relative, with /, without .., \\ or :"},
	"glob":       {ok: isGlob, want: "a glob inside the plugin's folder, such as assets/** or *.txt: relative, with /, without .., ! or {}"},
	"text":       {ok: hasNoNUL, want: "a string without NUL"},
	"link":       {ok: isLink, want: "a web address that begins with https://, http:// or mailto:"},
	"time":       {ok: isTime, want: `a time such as "2026-01-31T12:00:00Z"`},
}

func matching(pattern, want string) rule {
	return rule{ok: regexp.MustCompile(pattern).MatchString, want: want, pattern: pattern}
}

var envName = regexp.MustCompile(envPattern)

func isEnvName(text string) bool {
	return envName.MatchString(text) && !strings.HasPrefix(strings.ToUpper(text), "HOTPLUG_")
}

func hasNoNUL(text string) bool { return !strings.ContainsRune(text, 0) }

// isInside reports whether a path names something inside the folder that it is relative to, on every platform.
func isInside(text string) bool {
	if text == "" || !hasNoNUL(text) || strings.ContainsAny(text, `\:`) || path.IsAbs(text) {
		return false
	}
	clean := path.Clean(text)
	return clean != "." && !hasDotDot(text)
}

func hasDotDot(text string) bool {
	for part := range strings.SplitSeq(text, "/") {
		if part == ".." {
			return true
		}
	}
	return false
}

func isLink(text string) bool {
	u, err := url.Parse(text)
	if err != nil {
		return false
	}
	return u.Scheme == "mailto" && u.Opaque != "" || (u.Scheme == "https" || u.Scheme == "http") && u.Host != ""
}

func isTime(text string) bool {
	_, err := time.Parse(time.RFC3339, text)
	return text == "" || err == nil
}
