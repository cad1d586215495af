package registry_test

import (
	"context"
	"fmt"
	"os"

	"github.com/go-hotplug/hotplug/registry"
)

func ExampleWatch() {
	folder, err := os.MkdirTemp("", "plugins")
	if err != nil {
		fmt.Println(err)
		return
	}
	defer os.RemoveAll(folder)
	ctx, cancel := context.WithCancel(context.Background())
	var last *registry.Registry
	err = registry.Watch(ctx, registry.Options{Path: []string{folder}}, registry.WatchOptions{}, func(now *registry.Registry) {
		fmt.Println(len(now.Entries), "plugins")
		for _, c := range registry.Changes(last, now) {
			fmt.Println(c.Name, c.Kind, c.Reason)
		}
		last = now
		cancel() // a host goes on until it is closed
	})
	fmt.Println(err)
	// Output:
	// 0 plugins
	// <nil>
}
