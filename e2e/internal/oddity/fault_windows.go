package main

import "github.com/go-hotplug/hotplug/plugin"

// faulty does nothing: a process cannot be stopped by a signal there.
func faulty(*plugin.Server) {}
