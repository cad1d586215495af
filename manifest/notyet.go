package manifest

import "strings"

// future is a key, with what is below it, whose behaviour this version does not have.
type future struct {
	key     string
	refused string // the one value that is an error instead of a warning
}

// notYet lists them all. Whoever builds the behaviour deletes the row.
var notYet = []future{
	{key: "protocol", refused: string(ProtocolIsolatedWorkers1)},
	{key: "activation"},
	{key: "config"},
	{key: "permissions"},
	{key: "disconnect"},
	{key: "reload"},
	{key: "restart"},
	{key: "health"},
	{key: "idle"},
	{key: "limits.memory"},
	{key: "limits.openFiles"},
}

// notYet warns of a key that was set to something other than its default, if that has no effect.
func (d *decoder) notYet(m member, path string) {
	if m.value.kind == kindObject && !strings.HasPrefix(path, "config.") {
		return // its keys are looked at one by one
	}
	for _, f := range notYet {
		if path != f.key && !strings.HasPrefix(path, f.key+".") {
			continue
		}
		if f.refused == "" {
			d.warnings = append(d.warnings, finding{offset: m.start, key: path, found: "has no effect in this version; it is accepted and ignored"})
			continue
		}
		if m.value.text == f.refused {
			d.problem(m.value.start, path, quote(f.refused)+", which is not supported by this version", quote(string(ProtocolHotplug1)))
		}
	}
}
