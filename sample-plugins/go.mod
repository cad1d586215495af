module github.com/go-hotplug/hotplug/sample-plugins

go 1.26.0

require github.com/go-hotplug/hotplug v0.0.0

replace github.com/go-hotplug/hotplug => ../
