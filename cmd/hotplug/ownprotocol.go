package main

import "github.com/go-hotplug/hotplug/manifest"

// hotplugOnly refuses a plugin whose manifest chooses another protocol than this project's own, before it is run; what says which part of
// that protocol the command is about. The manifest may be nil: then nothing speaks against it.
func hotplugOnly(command, path, what, binary string, m *manifest.Manifest) error {
	if m == nil || m.Protocol == manifest.ProtocolHotplug1 {
		return nil
	}
	return exitf(exitPlugin, "%s %s: found \"protocol\": %q in its manifest, want %q, of which %s: if the program speaks that, too, name it instead, as %s",
		command, path, m.Protocol, manifest.ProtocolHotplug1, what, binary)
}
