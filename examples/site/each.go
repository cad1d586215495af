package main

import (
	"context"
	"sync"
)

// each does something with every item, with so many jobs at once, and returns when all are done. It ends early with ctx.
func each[T any](ctx context.Context, jobs int, items []T, do func(T)) error {
	todo := make(chan T) // each sends and closes; unbuffered, so that nothing waits in it when ctx ends
	var workers sync.WaitGroup
	for range min(jobs, len(items)) {
		workers.Go(func() {
			for item := range todo {
				do(item)
			}
		})
	}
	for _, item := range items {
		select {
		case todo <- item:
		case <-ctx.Done():
		}
	}
	close(todo)
	workers.Wait()
	return context.Cause(ctx)
}
