// Victim is a plugin for tests, whose host breaks every rule: it keeps to all of them.
package main

import (
	"github.com/go-hotplug/hotplug/e2e/internal/faults"
	"github.com/go-hotplug/hotplug/plugin"
)

func main() { plugin.Serve(faults.Handlers(nil)...) }
