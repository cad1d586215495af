//go:build unix

package main

import (
	"context"
	"os"
	"syscall"

	"github.com/go-hotplug/hotplug/rpc"
	"github.com/go-hotplug/hotplug/sample-plugins/crasher/crasherapi"
)

func raise(_ context.Context, req crasherapi.SignalRequest) (struct{}, error) {
	if err := syscall.Kill(os.Getpid(), syscall.Signal(req.Signal)); err != nil {
		return struct{}{}, rpc.Errorf(rpc.Invalid, "signal %d: %w", req.Signal, err)
	}
	return struct{}{}, nil
}

// ownSession starts a process outside of our process group.
func ownSession() *syscall.SysProcAttr { return &syscall.SysProcAttr{Setsid: true} }
