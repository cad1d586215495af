package main

import (
	"context"
	"os"
	"os/exec"
	"runtime"
)

// freeze does not return where goroutines that spin cannot be preempted: the collector waits for them, and all others wait for it.
func freeze(context.Context, struct{}) (struct{}, error) {
	for range 4 {
		go func() {
			//lint:ignore SA5002 spinning is the point
			for {
			}
		}()
	}
	runtime.GC()
	return struct{}{}, nil
}

func orphan(ctx context.Context, _ struct{}) (struct{}, error) {
	if err := exec.Command("sleep", "120").Start(); err != nil {
		return struct{}{}, err
	}
	<-ctx.Done()
	os.Exit(1)
	return struct{}{}, nil
}
