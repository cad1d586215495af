package main

import (
	"context"
	"os"
	"sync"

	"github.com/go-hotplug/hotplug/e2e/internal/oddityapi"
)

// held is what handlers keep.
var held struct {
	sync.Mutex
	bytes int64
	pages [][]byte
	files []*os.File
}

// hold allocates a megabyte at a time.
func hold(_ context.Context, n oddityapi.Number) (oddityapi.Number, error) {
	held.Lock()
	defer held.Unlock()
	for end := held.bytes + n.N; held.bytes < end; {
		page := make([]byte, 1<<20)
		for i := 0; i < len(page); i += 512 {
			page[i] = 1
		}
		held.pages = append(held.pages, page)
		held.bytes += int64(len(page))
	}
	return oddityapi.Number{N: held.bytes}, nil
}

func open(_ context.Context, n oddityapi.Number) (struct{}, error) {
	held.Lock()
	defer held.Unlock()
	for range n.N {
		f, err := os.Open(os.DevNull)
		if err != nil {
			return struct{}{}, err
		}
		held.files = append(held.files, f)
	}
	return struct{}{}, nil
}
