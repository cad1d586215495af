//go:build linux

package main

import (
	"bytes"
	"encoding/json"
	"fmt"
	"os"
	"os/exec"
	"strconv"
	"syscall"
	"time"

	"github.com/go-hotplug/hotplug/e2e/internal/succession"
)

func main() {
	switch {
	case len(os.Args) > 1 && os.Args[1] == "plugin":
		serve()
	case len(os.Args) > 1 && os.Args[1] == "host":
		run()
	case os.Getenv(succession.Env) != "":
		if err := succession.Play(os.Getenv(succession.Env), []string{kept}, tallies); err != nil {
			fmt.Fprintln(os.Stderr, "torture: a host that follows:", err)
			os.Exit(2)
		}
	default:
		os.Exit(watch())
	}
}

// minutes is how long it takes.
func minutes() float64 {
	if m, err := strconv.ParseFloat(os.Getenv("TORTURE"), 64); err == nil && m > 0 {
		return m
	}
	return 3
}

// grace is how long everything besides the faults may take.
const grace = 2 * time.Minute

// watch has another process be the host, so that its death can be told, and prints its last line.
func watch() int {
	self, err := os.Executable()
	if err != nil {
		return broken("%v", err)
	}
	var out bytes.Buffer
	c := exec.Command(self, "host")
	c.Env, c.Stdout, c.Stderr = append(os.Environ(), "GORACE=halt_on_error=1"), &out, os.Stderr // a data race is a death
	if err := c.Start(); err != nil {
		return broken("%v", err)
	}
	late := time.AfterFunc(time.Duration(minutes()*float64(time.Minute))+grace, func() {
		_ = c.Process.Signal(syscall.SIGQUIT) // it says what its goroutines do
		time.AfterFunc(5*time.Second, func() { _ = c.Process.Kill() })
	})
	defer late.Stop()
	err = c.Wait()
	if !json.Valid(out.Bytes()) || out.Len() == 0 {
		return broken("the host died: %v", err)
	}
	os.Stdout.Write(out.Bytes())
	if err != nil {
		return 1
	}
	return 0
}

func broken(format string, args ...any) int {
	text, _ := json.Marshal(map[string]any{"hostDeaths": 1, "ok": false, "error": fmt.Sprintf(format, args...)})
	fmt.Println(string(text))
	return 2
}
