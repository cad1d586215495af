package host

import (
	"os"
	"slices"
	"strings"
)

// inheritedNames are the variables that every plugin gets from the host's environment, if they are set there.
var inheritedNames = []string{
	"PATH", "HOME", "USER", "LOGNAME", "SHELL", "LANG", "LANGUAGE", "TZ", "TMPDIR", "TEMP", "TMP",
	"SYSTEMROOT", "SYSTEMDRIVE", "WINDIR", "USERPROFILE", "APPDATA", "LOCALAPPDATA", "PATHEXT", "COMSPEC",
}

// buildEnv is what a plugin gets of this process's environment.
func buildEnv(allow []string) []string {
	env := []string{}
	for _, kv := range os.Environ() {
		name, _, _ := strings.Cut(kv, "=")
		if strings.HasPrefix(name, "LC_") || slices.Contains(inheritedNames, strings.ToUpper(name)) || slices.Contains(allow, name) {
			env = append(env, kv)
		}
	}
	return env
}
