package manifest_test

import (
	"fmt"

	"github.com/go-hotplug/hotplug/manifest"
)

func ExampleParse() {
	_, _, err := manifest.Parse([]byte(`{
  "manifest": 1,
  "name": "markdown",
  "version": "1.4",
  "entry": "markdown",
  "timeout": {"call": "30s"}
}`), "plugin.json")
	fmt.Println(err)
	// Output:
	// plugin.json:4:14: version: found "1.4", want a semantic version such as "1.4.0"
	// plugin.json:6:3: timeout: found an unknown key, want "timeouts" (the nearest known key)
}
