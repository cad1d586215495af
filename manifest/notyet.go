package manifest

import "strings"

// notYet lists the keys, each with what is below it, whose behaviour this version does not have. Whoever builds the behaviour deletes the row.
var notYet = []string{
	"permissions.net",
	"permissions.fs",
}

// notYet warns of a key that was set to something other than its default, if that has no effect.
func (d *decoder) notYet(m member, path string) {
	if m.value.kind == kindObject && !strings.HasPrefix(path, "config.") {
		return // its keys are looked at one by one
	}
	for _, key := range notYet {
		if path != key && !strings.HasPrefix(path, key+".") {
			continue
		}
		d.warnings = append(d.warnings, finding{offset: m.start, key: path, found: "has no effect in this version; it is accepted and ignored"})
	}
}
