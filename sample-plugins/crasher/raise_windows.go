package main

import (
	"context"
	"syscall"

	"github.com/go-hotplug/hotplug/rpc"
	"github.com/go-hotplug/hotplug/sample-plugins/crasher/crasherapi"
)

func raise(_ context.Context, req crasherapi.SignalRequest) (struct{}, error) {
	return struct{}{}, rpc.Errorf(rpc.Unimplemented, "signal %d: Windows has no signals", req.Signal)
}

func ownSession() *syscall.SysProcAttr { return nil }
