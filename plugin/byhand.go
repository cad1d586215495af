package plugin

import (
	"fmt"
	"os"
	"path/filepath"

	"github.com/go-hotplug/hotplug/internal/shellwords"
)

// byHand is what a person reads who starts a plugin from a shell.
func byHand(id *identity) string {
	name := filepath.Base(os.Args[0])
	if id != nil {
		name = id.Name + " " + id.Version
	}
	binary := filepath.Base(os.Args[0])
	return fmt.Sprintf(`%s is a plugin: a program that a hotplug host launches and talks to over a private socket. It does nothing when started by hand.
Put %s and its plugin.json into a folder of the host's plugins folder (plugins/%s/), and run the host: hotplug run plugins.
HOTPLUG_DESCRIBE=1 %s prints what it answers.`, name, binary, binary, shellwords.Word(os.Args[0]))
}
