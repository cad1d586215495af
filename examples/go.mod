module github.com/go-hotplug/hotplug/examples

go 1.26.0

require (
	github.com/go-hotplug/hotplug v0.0.0
	github.com/go-hotplug/hotplug/sample-plugins v0.0.0
)

replace (
	github.com/go-hotplug/hotplug => ../
	github.com/go-hotplug/hotplug/sample-plugins => ../sample-plugins
)
