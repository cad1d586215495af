package main

import (
	"context"
	"os"
	"os/exec"
	"strconv"
	"time"

	"github.com/go-hotplug/hotplug/rpc"
	"github.com/go-hotplug/hotplug/sample-plugins/crasher/crasherapi"
)

// What makes this program a grandchild: for how many milliseconds (0: for ever), and whether it ignores signals.
const (
	envGrandchild = "CRASHER_GRANDCHILD"
	envDeaf       = "CRASHER_GRANDCHILD_DEAF"
)

// grandchild sleeps, if that is what this process is for.
func grandchild() bool {
	ms, err := strconv.ParseInt(os.Getenv(envGrandchild), 10, 64)
	if err != nil {
		return false
	}
	if os.Getenv(envDeaf) == "1" {
		ignoreAll()
	}
	pause(ms)
	return true
}

// pause sleeps for so many milliseconds; 0: for ever.
func pause(ms int64) {
	if ms <= 0 {
		for {
			time.Sleep(time.Hour) // not select {}, which the runtime may call a deadlock
		}
	}
	time.Sleep(time.Duration(ms) * time.Millisecond)
}

func startGrandchild(_ context.Context, req crasherapi.GrandchildRequest) (crasherapi.Process, error) {
	path, err := os.Executable()
	if err != nil {
		return crasherapi.Process{}, err
	}
	cmd := exec.Command(path)
	cmd.Env = append(os.Environ(), envGrandchild+"="+strconv.FormatInt(req.ForMS, 10))
	if req.IgnoreSignals {
		cmd.Env = append(cmd.Env, envDeaf+"=1")
	}
	if !req.ClosePipes {
		cmd.Stdout, cmd.Stderr = os.Stdout, os.Stderr
	}
	if req.Session {
		cmd.SysProcAttr = ownSession()
	}
	if err := cmd.Start(); err != nil {
		return crasherapi.Process{}, rpc.Errorf(rpc.Internal, "start a grandchild: %w", err)
	}
	return crasherapi.Process{PID: cmd.Process.Pid, Path: path}, nil
}
