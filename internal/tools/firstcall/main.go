// Firstcall prints the size of the counter plugin's binary and how long it takes from launch to the first reply.
package main

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"time"

	"github.com/hashicorp/go-hclog"

	"github.com/go-hotplug/hotplug/host"
	"github.com/go-hotplug/hotplug/rpc"
)

// total has the fields of counterapi.Total; that package is in another module.
type total struct {
	Value int64 `json:"value"`
}

const get rpc.Query[struct{}, total] = "counter.get"

// launches is how often the plugin is started. The median counts: the first launch reads the binary from disk.
const launches = 21

func main() {
	if len(os.Args) != 2 {
		fmt.Fprintln(os.Stderr, "usage: firstcall PATH-OF-COUNTER")
		os.Exit(64)
	}
	if err := run(context.Background(), os.Args[1]); err != nil {
		fmt.Fprintln(os.Stderr, "firstcall:", err)
		os.Exit(1)
	}
}

func run(ctx context.Context, path string) error {
	info, err := os.Stat(path)
	if err != nil {
		return err
	}
	took := make([]time.Duration, launches)
	for i := range took {
		if took[i], err = firstReply(ctx, path); err != nil {
			return err
		}
	}
	slices.Sort(took)
	fmt.Printf("%s: %.1f MiB stripped; launch to first reply %.1f ms (median of %d launches; %.1f to %.1f ms)\n",
		filepath.Base(path), float64(info.Size())/(1<<20), ms(took[launches/2]), launches, ms(took[0]), ms(took[launches-1]))
	return nil
}

// firstReply starts a process of its own for one call.
func firstReply(ctx context.Context, path string) (time.Duration, error) {
	ctx, cancel := context.WithTimeout(ctx, 10*time.Second)
	defer cancel()
	begin := time.Now()
	p, err := host.Start(ctx, host.Launch{Path: path, Host: host.Config{Logger: hclog.NewNullLogger()}})
	if err != nil {
		return 0, err
	}
	defer p.Close()
	_, err = get.Call(ctx, p, struct{}{})
	return time.Since(begin), err
}

func ms(d time.Duration) float64 { return float64(d) / float64(time.Millisecond) }
