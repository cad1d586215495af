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

// buildEnv is a plugin's whole environment: the allowed variables of this process and those that are set for it.
func buildEnv(allow []string, set map[string]string) []string {
	env := []string{}
	for _, kv := range os.Environ() {
		name, _, _ := strings.Cut(kv, "=")
		if strings.HasPrefix(name, "LC_") || slices.Contains(inheritedNames, strings.ToUpper(name)) || slices.Contains(allow, name) {
			env = append(env, kv)
		}
	}
	for name, value := range set {
		env = append(env, name+"="+value)
	}
	slices.Sort(env[len(env)-len(set):])
	return env
}
