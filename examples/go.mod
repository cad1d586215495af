module github.com/go-hotplug/hotplug/examples

go 1.26.0

require (
	github.com/go-hotplug/hotplug v0.0.0
	github.com/go-hotplug/hotplug/sample-plugins v0.0.0
	github.com/hashicorp/go-hclog v1.6.3
)

require (
	github.com/Masterminds/semver/v3 v3.5.0 // indirect
	github.com/fatih/color v1.13.0 // indirect
	github.com/fsnotify/fsnotify v1.10.1 // indirect
	github.com/mattn/go-colorable v0.1.12 // indirect
	github.com/mattn/go-isatty v0.0.14 // indirect
	github.com/santhosh-tekuri/jsonschema/v6 v6.0.3 // indirect
	github.com/vmihailenco/msgpack/v5 v5.4.1 // indirect
	github.com/vmihailenco/tagparser/v2 v2.0.0 // indirect
	golang.org/x/sys v0.49.0 // indirect
	golang.org/x/text v0.43.0 // indirect
)

replace (
	github.com/go-hotplug/hotplug => ../
	github.com/go-hotplug/hotplug/sample-plugins => ../sample-plugins
)
