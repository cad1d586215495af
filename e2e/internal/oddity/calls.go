package main

import (
	"context"
	"os"
	"path/filepath"
	"sync"
	"sync/atomic"
	"time"

	"github.com/go-hotplug/hotplug/e2e/internal/oddityapi"
	"github.com/go-hotplug/hotplug/plugin"
	"github.com/go-hotplug/hotplug/rpc"
)

func descriptors(context.Context, struct{}) (oddityapi.List, error) {
	dir, err := os.Open("/proc/self/fd")
	if err != nil {
		return oddityapi.List{}, err
	}
	defer dir.Close()
	names, err := dir.Readdirnames(-1)
	var l oddityapi.List
	for _, name := range names {
		if target, err := os.Readlink(filepath.Join("/proc/self/fd", name)); err == nil {
			l.Items = append(l.Items, name+" "+target)
		}
	}
	return l, err
}

func closeOutput(context.Context, struct{}) (struct{}, error) {
	os.Stdout.Close()
	os.Stderr.Close()
	return struct{}{}, nil
}

func log(context.Context, struct{}) (struct{}, error) {
	l := plugin.Logger().Named("odd").With("shelf", 4)
	l.Trace("at trace", "key", "value")
	l.Debug("at debug", "key", []int{1, 2})
	l.Info("at info", "key", true)
	l.Warn("at warn", "key", 1.5)
	l.Error("at error", "key", "two words")
	return struct{}{}, nil
}

func print(_ context.Context, t oddityapi.Text) (struct{}, error) {
	to := os.Stdout
	if t.Stderr {
		to = os.Stderr
	}
	_, err := to.WriteString(t.Text)
	return struct{}{}, err
}

func relay(ctx context.Context, n oddityapi.Number) (oddityapi.Number, error) {
	var sum atomic.Int64
	var failed atomic.Pointer[error]
	var wg sync.WaitGroup
	for i := range n.N {
		wg.Go(func() {
			r, err := oddityapi.Double.Call(ctx, rpc.Caller(ctx), oddityapi.Number{N: i + 1})
			if err != nil {
				failed.Store(&err)
			}
			sum.Add(r.N)
		})
	}
	wg.Wait()
	if err := failed.Load(); err != nil {
		return oddityapi.Number{}, *err
	}
	return oddityapi.Number{N: sum.Load()}, nil
}

func tell(ctx context.Context, n oddityapi.Number) (struct{}, error) {
	for i := range n.N {
		if err := oddityapi.Told.Send(ctx, rpc.Caller(ctx), oddityapi.Number{N: i + 1}); err != nil {
			return struct{}{}, err
		}
	}
	return struct{}{}, nil
}

func slow(ctx context.Context, n oddityapi.Number) (oddityapi.Number, error) {
	if err := oddityapi.Started.Send(ctx, rpc.Caller(ctx), n); err != nil {
		return n, err
	}
	<-time.After(time.Duration(n.N) * time.Millisecond)
	return n, nil
}
