package store_test

import (
	"context"
	"fmt"
	"path/filepath"

	"github.com/go-hotplug/hotplug/internal/store"
)

func Example() {
	run := func(ctx context.Context, stateDir string) error {
		s, err := store.Open(filepath.Join(stateDir, "store"))
		if err != nil {
			return err
		}
		c, err := s.Put(ctx, store.Tree{Root: "plugins/greeter", Entry: "greeter"})
		if err != nil {
			return err
		}
		fmt.Println(c.Hash, filepath.Join(c.Dir, c.Entry)) // what to execute
		return nil
	}
	_ = run
}
