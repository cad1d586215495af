package middleware

import "strings"

// What https://www.w3.org/TR/trace-context/#tracestate-header allows.
const (
	maxMembers = 32
	maxValue   = 256
	maxKey     = 256
	maxTenant  = 241
	maxSystem  = 14
)

// validState reports whether s is a tracestate: key=value, separated by commas, each key once. The empty one is.
func validState(s string) bool {
	if s == "" {
		return true
	}
	if len(s) > maxMembers*(maxKey+maxValue+8) {
		return false
	}
	seen := make(map[string]bool)
	for member := range strings.SplitSeq(s, ",") {
		member = strings.Trim(member, " \t")
		if member == "" {
			continue
		}
		key, value, ok := strings.Cut(member, "=")
		if !ok || !validKey(key) || !validValue(value) || seen[key] || len(seen) == maxMembers {
			return false
		}
		seen[key] = true
	}
	return true
}

// validKey takes name and tenant@system.
func validKey(k string) bool {
	tenant, system, multi := strings.Cut(k, "@")
	if multi {
		return keyChars(tenant, maxTenant, true) && keyChars(system, maxSystem, false)
	}
	return keyChars(k, maxKey, false)
}

func keyChars(s string, most int, digitFirst bool) bool {
	if s == "" || len(s) > most {
		return false
	}
	for i, c := range []byte(s) {
		letter, digit := c >= 'a' && c <= 'z', c >= '0' && c <= '9'
		rest := digit || c == '_' || c == '-' || c == '*' || c == '/'
		if !letter && (i == 0 && !(digit && digitFirst) || !rest) {
			return false
		}
	}
	return true
}

func validValue(v string) bool {
	if v == "" || len(v) > maxValue {
		return false
	}
	for _, c := range []byte(v) {
		if c < ' ' || c > '~' || c == '=' { // a comma has ended the member
			return false
		}
	}
	return true
}
